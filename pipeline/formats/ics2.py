"""EU ICS2: filings F43, F32 and F30 as manifests, F44 (receptacles) and F42 (flight) as partial."""

from lxml import etree

from pipeline.errors import ErrorCode
from pipeline.formats.extract import extract
from pipeline.formats.filing import extract_filing
from pipeline.formats.outcome import Outcome, Refusal
from pipeline.formats.table import read_table
from pipeline.formats.xml_source import XmlSource, without_namespaces
from pipeline.model import DataSet

NAMESPACE = "urn:wco:datamodel:WCO:CIS:1"
FILINGS = frozenset({"IE3F43", "IE3F32", "IE3F30"})
PARTIAL = {
    "IE3F44": ("ics2_links", DataSet.RECEPTACLE_LINKS),
    "IE3F42": ("ics2_conveyance", DataSet.CONVEYANCE),
}
AMENDMENTS = "IE3A"
MESSAGES = "IE3"


def decode_ics2(root: etree._Element) -> Outcome:
    """A filing of one of the data sets that are read."""
    without_namespaces(root, is_ours=NAMESPACE.__eq__)
    name = etree.QName(root).localname
    if root.tag != name or not name.startswith(MESSAGES):
        return Refusal(ErrorCode.UNKNOWN_FORMAT, "no message of ICS2, by its root", f"/{name}")
    if name in FILINGS:
        return extract(read_table("ics2"), root, XmlSource(root))
    if name in PARTIAL:
        table, data_set = PARTIAL[name]
        return extract_filing(read_table(table), root, XmlSource(root), data_set)
    if name.startswith(AMENDMENTS):
        named = root.findtext("MRN", "").strip()
        return Refusal(ErrorCode.UNKNOWN_DECLARATION, f"it amends the filing {named}", f"/{name}")
    if name.startswith("IE3F"):
        known = ", ".join(sorted({*FILINGS, *PARTIAL}))
        return Refusal(ErrorCode.UNKNOWN_FORMAT, f"of the data sets, {known} are read", f"/{name}")
    return Refusal(ErrorCode.NOT_ADVANCE_DATA, "a message about a filing", f"/{name}")
