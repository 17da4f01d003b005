r"""Names in an X.509 certificate, as OpenSSL writes them with ``-nameopt RFC2253``.

Facts (capture of a load balancer's headers for an Estonian identity card, Feb 2024; the rest is OpenSSL's own, against
which the tests hold this module):

- The most specific part comes first.  Attributes have OpenSSL's short names (``serialNumber``, ``GN``, ``SN``,
  ``organizationIdentifier``); one that has none is its dotted number and the value's DER in hexadecimal behind ``#``.
- Values are UTF-8.  ``, + " \ < > ;``, a leading ``#`` and a blank at either end get a backslash; control characters
  and bytes over 127 are a backslash and two hexadecimal digits (``\C3\84``).
- A value that is no text is its DER in hexadecimal behind ``#``.
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

_ARCS: Final[Mapping[str, str]] = {
    "2.5.4": (
        "3=CN 4=SN 5=serialNumber 6=C 7=L 8=ST 9=street 10=O 11=OU 12=title 13=description 14=searchGuide "
        "15=businessCategory 16=postalAddress 17=postalCode 18=postOfficeBox 19=physicalDeliveryOfficeName "
        "20=telephoneNumber 21=telexNumber 22=teletexTerminalIdentifier 23=facsimileTelephoneNumber 24=x121Address "
        "25=internationaliSDNNumber 26=registeredAddress 27=destinationIndicator 28=preferredDeliveryMethod "
        "29=presentationAddress 30=supportedApplicationContext 31=member 32=owner 33=roleOccupant 34=seeAlso "
        "35=userPassword 36=userCertificate 37=cACertificate 38=authorityRevocationList 39=certificateRevocationList "
        "40=crossCertificatePair 41=name 42=GN 43=initials 44=generationQualifier 45=x500UniqueIdentifier "
        "46=dnQualifier 47=enhancedSearchGuide 48=protocolInformation 49=distinguishedName 50=uniqueMember "
        "51=houseIdentifier 52=supportedAlgorithms 53=deltaRevocationList 54=dmdName 65=pseudonym 72=role "
        "97=organizationIdentifier 98=c3 99=n3 100=dnsName"
    ),
    "0.9.2342.19200300.100.1": (
        "1=UID 2=textEncodedORAddress 3=mail 4=info 5=favouriteDrink 6=roomNumber 7=photo 8=userClass 9=host "
        "10=manager 11=documentIdentifier 12=documentTitle 13=documentVersion 14=documentAuthor 15=documentLocation "
        "20=homeTelephoneNumber 21=secretary 22=otherMailbox 23=lastModifiedTime 24=lastModifiedBy 25=DC 26=aRecord "
        "27=pilotAttributeType27 28=mXRecord 29=nSRecord 30=sOARecord 31=cNAMERecord 37=associatedDomain "
        "38=associatedName 39=homePostalAddress 40=personalTitle 41=mobileTelephoneNumber 42=pagerTelephoneNumber "
        "43=friendlyCountryName 44=uid 45=organizationalStatus 46=janetMailbox 47=mailPreferenceOption "
        "48=buildingName 49=dSAQuality 50=singleLevelQuality 51=subtreeMinimumQuality 52=subtreeMaximumQuality "
        "53=personalSignature 54=dITRedirect 55=audio 56=documentPublisher"
    ),
    "1.2.840.113549.1.9": (
        "1=emailAddress 2=unstructuredName 3=contentType 4=messageDigest 5=signingTime 6=countersignature "
        "7=challengePassword 8=unstructuredAddress 9=extendedCertificateAttributes 14=extReq 15=SMIME-CAPS "
        "16=SMIME 20=friendlyName 21=localKeyID"
    ),
    "1.3.6.1.5.5.7.9": (
        "1=id-pda-dateOfBirth 2=id-pda-placeOfBirth 3=id-pda-gender 4=id-pda-countryOfCitizenship "
        "5=id-pda-countryOfResidence"
    ),
    "1.3.6.1.4.1.311.20.2": "2=msSmartcardLogin 3=msUPN",
    "1.3.6.1.4.1.311.60.2.1": "1=jurisdictionL 2=jurisdictionST 3=jurisdictionC",
    "1.2.643.3.131.1": "1=INN",
    "1.2.643.100": "1=OGRN 3=SNILS 5=OGRNIP 111=subjectSignTool 112=issuerSignTool 113=classSignTool",
}
"""OpenSSL's short names of attributes that stand in names, by the arc that their numbers continue."""

_SHORT_NAMES: Final = {
    f"{arc}.{number}": name
    for arc, names in _ARCS.items()
    for number, _, name in (entry.partition("=") for entry in names.split())
}

_VERSION: Final = 0xA0
_TEXTS: Final[Mapping[int, str]] = {
    0x0C: "utf-8",
    0x12: "latin-1",
    0x13: "latin-1",
    0x14: "latin-1",
    0x16: "latin-1",
    0x1C: "utf-32-be",
    0x1E: "utf-16-be",
}
"""ASN.1 tags of UTF8-, Numeric-, Printable-, T61-, IA5-, Universal- and BMPString, and how OpenSSL reads them."""

_SPECIAL: Final = frozenset(b',+"\\<>;')


class _Element(NamedTuple):
    tag: int
    content: bytes
    encoded: bytes


def names_in(tbs_certificate: bytes) -> tuple[str, str]:
    """Issuer and subject of the signed part of a certificate, DER.

    Raises:
        ValueError: It is no such part.
    """
    ((_, content, _),) = _elements(tbs_certificate)
    members = [member for member in _elements(content) if member.tag != _VERSION]
    _serial_number, _algorithm, issuer, _validity, subject, *_ = members
    return rfc2253(issuer.content), rfc2253(subject.content)


def rfc2253(name: bytes) -> str:
    """The text of a name; ``name`` is what is inside of its DER ``SEQUENCE``.

    Raises:
        ValueError: It is no sequence of sets of attributes.
    """
    return ",".join(
        "+".join([_attribute(attribute.content) for attribute in reversed([*_elements(part.content)])])
        for part in reversed([*_elements(name)])
    )


def _attribute(content: bytes) -> str:
    kind, value = _elements(content)
    number = _dotted(kind.content)
    name = _SHORT_NAMES.get(number)
    encoding = _TEXTS.get(value.tag)
    if name is None or encoding is None:
        return f"{name or number}=#{value.encoded.hex().upper()}"
    text = value.content if encoding == "utf-8" else value.content.decode(encoding, "replace").encode()
    return f"{name}={_escaped(text)}"


def _escaped(text: bytes) -> str:
    last = len(text) - 1
    return "".join([_character(byte, first=at == 0, last=at == last) for at, byte in enumerate(text)])


def _character(byte: int, *, first: bool, last: bool) -> str:
    if not 0x20 <= byte < 0x7F:
        return f"\\{byte:02X}"
    # OpenSSL takes the only character of a value for the last one, where # means nothing.
    if byte in _SPECIAL or (byte == ord(" ") and (first or last)) or (byte == ord("#") and first and not last):
        return f"\\{byte:c}"
    return chr(byte)


def _dotted(content: bytes) -> str:
    numbers, number = [], 0
    for byte in content:
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            numbers.append(number)
            number = 0
    first, *rest = numbers
    top = min(first // 40, 2)
    return ".".join(map(str, (top, first - top * 40, *rest)))


def _elements(data: bytes) -> Iterator[_Element]:
    """What follows one another in DER, one level deep; raises ValueError for what is cut off or no DER."""
    at = 0
    while at < len(data):
        start, at = at, at + 2
        length = int.from_bytes(data[start + 1 : at])
        if length >= 0x80:
            at += length - 0x80
            length = int.from_bytes(data[start + 2 : at])
        content, at = data[at : at + length], at + length
        if at > len(data):
            raise ValueError("a certificate whose DER is cut off")
        yield _Element(data[start], content, data[start:at])
