"""WCO Data Model declarations as the UK's customs declaration service has them."""

from lxml import etree

from pipeline.errors import ErrorCode
from pipeline.formats.extract import extract
from pipeline.formats.outcome import Outcome, Refusal
from pipeline.formats.table import read_table
from pipeline.formats.xml_source import XmlSource, without_namespaces

NAMESPACES = "urn:wco:datamodel:WCO:"
WRAPPER = "submitDeclarationRequest"
META_DATA = "MetaData"
ORIGINAL = "9"
CHANGE = "13"
IMPORTS = ("IM", "CO")
"""Begin the types of import declarations: CO is trade with special fiscal territories."""
EXPORTS = ("EX",)
CHANGES = {"COR": "amends", "INV": "cancels", "GPR": "presents the goods of"}

_responses = etree.XPath("//*[local-name()='Response']", smart_strings=False)


def decode_wco_declaration(root: etree._Element) -> Outcome:
    """An original import declaration, or why it is none."""
    name = etree.QName(root)
    other = _other_document(root, name.localname)
    if other:
        return Refusal(ErrorCode.NOT_ADVANCE_DATA, other, f"/{name.localname}")
    without_namespaces(root, is_ours=lambda namespace: namespace.startswith(NAMESPACES))
    wrapped = name.localname == WRAPPER
    document = root.find(f".//{META_DATA}") if wrapped else root
    if document is None or document.tag != META_DATA:
        what = f"{name.localname} of {name.namespace or 'no namespace'}"
        return Refusal(ErrorCode.UNKNOWN_FORMAT, f"its root is {what}", f"/{name.localname}")
    refusal = _not_an_import(document)
    return refusal or extract(read_table("wco_declaration"), document, XmlSource(document))


def _other_document(root: etree._Element, name: str) -> str:
    """What a document of the same family is that announces no goods; empty if unknown."""
    what = read_table("wco_declaration").file.other_documents.get(name, "")
    for response in [] if what else _responses(root):
        function = "".join(response.xpath("*[local-name()='FunctionCode']/text()"))
        return f"a notification of customs, function {function.strip() or 'not given'}"
    return what


def _not_an_import(document: etree._Element) -> Refusal | None:
    where = XmlSource(document).told("Declaration")
    declaration = document.find("Declaration")
    if declaration is None:
        return Refusal(ErrorCode.INVALID_MESSAGE, "there is no Declaration in it", where)
    function = declaration.findtext("FunctionCode", "").strip()
    type_code = declaration.findtext("TypeCode", "").strip()
    if function != ORIGINAL:
        does = CHANGES.get(type_code, f"has the function {function or 'missing'} towards")
        number = declaration.findtext("ID", "").strip()
        named = number or declaration.findtext("FunctionalReferenceID", "").strip()
        return Refusal(ErrorCode.UNKNOWN_DECLARATION, f"it {does} declaration {named}", where)
    if not type_code.startswith(IMPORTS):
        exports = "an export" if type_code.startswith(EXPORTS) else "no type of import"
        return Refusal(ErrorCode.NOT_AN_IMPORT, f"{type_code} is {exports}", f"{where}/TypeCode")
    return None
