"""The JSON API: one gate, one way to read what is sent, one shape of refusal; the nouns stand in `web.api.v1` (ADR 37)."""
