"""What a document says about itself: XMP packet and information dictionary, equal to each other (ISO 19005-2, 6.6).

There are no dates: a draft is made from frozen data and must be the same on any day; when it was signed is proved by
time-stamps, not claimed by metadata. Later revisions leave both as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from xml.sax.saxutils import escape

from packets.render.objects import text_string

PRODUCER = "esm-packets"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_PDFA = "http://www.aiim.org/pdfa/ns"
_PADDING = "\n" + (" " * 99 + "\n") * 10
_EXTENSION = f"""<rdf:Description rdf:about="" xmlns:pdfaExtension="{_PDFA}/extension/" xmlns:pdfaSchema="{_PDFA}/schema#" \
xmlns:pdfaProperty="{_PDFA}/property#"><pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA identification</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:name>part</pdfaProperty:name><pdfaProperty:valueType>Integer</pdfaProperty:valueType>
<pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Part of ISO 14289 to which the file conforms</pdfaProperty:description>
</rdf:li></rdf:Seq></pdfaSchema:property>
</rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>"""
"""PDF/A knows the properties of its own identification only: that of PDF/UA must be described (ISO 19005-2, 6.6.2.3)."""


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """Title, author and subject of a document, and its language as a BCP 47 tag."""

    title: str
    author: str
    subject: str
    language: str


def xmp_packet(facts: DocumentFacts) -> bytes:
    """The XMP packet: PDF/A-2a and PDF/UA-1 identification, title, author, subject, producer."""
    parts = [
        _description("dc", "http://purl.org/dc/elements/1.1/", _core(facts)),
        _description("pdf", "http://ns.adobe.com/pdf/1.3/", f"<pdf:Producer>{PRODUCER}</pdf:Producer>"),
        _description("xmp", "http://ns.adobe.com/xap/1.0/", f"<xmp:CreatorTool>{PRODUCER}</xmp:CreatorTool>"),
        _description(
            "pdfaid", f"{_PDFA}/id/", "<pdfaid:part>2</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>"
        ),
        _description("pdfuaid", "http://www.aiim.org/pdfua/ns/id/", "<pdfuaid:part>1</pdfuaid:part>"),
        _EXTENSION,
    ]
    body = (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}">\n'
        + "\n".join(parts)
        + "\n</rdf:RDF></x:xmpmeta>"
    )
    packet = f'<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n{body}{_PADDING}<?xpacket end="w"?>'
    return packet.encode()


def information(facts: DocumentFacts) -> bytes:
    """The information dictionary, saying the same as the packet."""
    entries = {
        "Title": facts.title,
        "Author": facts.author,
        "Subject": facts.subject,
        "Creator": PRODUCER,
        "Producer": PRODUCER,
    }
    return b"<<%b>>" % b"".join(b"/%b %b" % (key.encode(), text_string(value)) for key, value in entries.items())


def _description(prefix: str, namespace: str, body: str) -> str:
    return f'<rdf:Description rdf:about="" xmlns:{prefix}="{namespace}">{body}</rdf:Description>'


def _core(facts: DocumentFacts) -> str:
    return (
        "<dc:format>application/pdf</dc:format>"
        f"<dc:title>{_alternative(facts.title)}</dc:title><dc:description>{_alternative(facts.subject)}</dc:description>"
        f"<dc:creator><rdf:Seq><rdf:li>{escape(facts.author)}</rdf:li></rdf:Seq></dc:creator>"
        f"<dc:language><rdf:Bag><rdf:li>{escape(facts.language)}</rdf:li></rdf:Bag></dc:language>"
    )


def _alternative(text: str) -> str:
    return f'<rdf:Alt><rdf:li xml:lang="x-default">{escape(text)}</rdf:li></rdf:Alt>'
