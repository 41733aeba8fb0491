"""What a certification packet is: people, years, lists, documents, rendering, records, audit. No signature, no HTTP."""
