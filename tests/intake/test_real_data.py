"""Real titles of goods and names of many cultures raise no false alarms."""

import csv
import gzip
import json
from pathlib import Path
from typing import Any

from pipeline.intake.check_parcel import looks_like_s10, s10_check_digit
from pipeline.intake.descriptions import DescriptionReader
from pipeline.intake.rules import load_data_rules
from pipeline.rulebook.files import read_yaml
from tests.builders import consignee, consignor, goods_item, manifest, parcel
from tests.data import data_file
from tests.intake.intake import Intake
from tests.marketplace.manifests import manifests as marketplace_manifests
from tests.marketplace.manifests import read_products

NAMES_PER_MANIFEST = 1_000


def test_names_of_many_cultures_are_accepted() -> None:
    """50,000 invented people of many scripts, as consignor and as consignee."""
    with gzip.open(data_file("screening_negatives_global.csv.gz"), "rt", encoding="utf-8") as file:
        names = [row["full_name"][:70] for row in csv.DictReader(file)]
    intake = Intake()
    for start in range(0, len(names), NAMES_PER_MANIFEST):
        parcels = [
            parcel(
                parcel_id=f"P{n}", consignor=consignor(name=name), consignee=consignee(name=name)
            )
            for n, name in enumerate(names[start : start + NAMES_PER_MANIFEST])
        ]
        message = manifest(manifest_id=f"N{start}", parcels=parcels)
        intake.publish(message, key=f"SWIFTPOST/N{start}".encode())
    faults = [fault for answer in intake.acknowledgements for fault in answer.faults]
    assert faults == []
    assert sum(answer.accepted_parcels for answer in intake.acknowledgements) == len(names)


def test_real_marketplace_goods_draw_no_fault_but_the_judged_ones() -> None:
    """632 titles with prices and expert HS codes; not even a warning is a false alarm."""
    intake = Intake()
    for message in marketplace_manifests():
        key = f"{message.carrier}/{message.manifest_id}".encode()
        intake.publish(message, key=key, timestamp_ms=int(message.issued_at.timestamp() * 1000))
    faults = [fault.value for answer in intake.acknowledgements for fault in answer.faults]
    assert faults == [judged["text"] for judged in judgements()["titles"]]
    assert sum(answer.accepted_parcels for answer in intake.acknowledgements) == 632


def test_names_of_categories_are_refused_only_where_a_reader_agrees() -> None:
    products, reader = read_products(), DescriptionReader(load_data_rules(), words_min=2)
    names = {product[f"cat{level}"] for product in products for level in range(1, 6)} - {""}
    refused = {name for name in names if "DQ12" in reader.read(name).faults}
    assert refused == {judged["text"] for judged in judgements()["categories"]}


def test_a_reader_agrees_with_every_error() -> None:
    assert all(
        judged["agreed"] for judged in [*judgements()["titles"], *judgements()["categories"]]
    )


def judgements() -> dict[str, list[dict[str, Any]]]:
    """What a reader said of the descriptions that draw an error."""
    return read_yaml(Path(__file__).with_name("description_judgements.yaml"), dict)


def test_the_s10_numbers_of_the_format_itself_are_judged_rightly() -> None:
    described = json.loads(data_file("s10_tracking_numbers.json").read_text(encoding="utf-8"))
    (s10,) = described["tracking_numbers"]
    for label, numbers in s10["test_numbers"].items():
        for number in numbers:
            holds = looks_like_s10(number) and s10_check_digit(number[2:10]) == int(number[10])
            assert holds is (label == "valid"), number


def test_published_s10_numbers_are_judged_rightly() -> None:
    with data_file("tracking_test_vectors.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["courier"] == "s10"]
    assert rows
    for row in rows:
        number = "".join(row["number"].split())
        if looks_like_s10(number):
            holds = s10_check_digit(number[2:10]) == int(number[10])
            assert holds is (row["label"] == "valid"), number
        else:
            assert row["label"] != "valid", number


def test_vague_terms_of_the_public_lists_are_refused() -> None:
    """Each of the terms that name goods, standing alone."""
    with data_file("vague_terms.csv").open(encoding="utf-8") as file:
        terms = [row["term"] for row in csv.DictReader(file) if row["field"] == "goods"]
    parcels = [
        parcel(parcel_id=f"P{n}", items=[goods_item(description=term)])
        for n, term in enumerate(terms)
    ]
    intake = Intake(acknowledgement_faults_max=1_000)
    acknowledgement = intake.answer(manifest(parcels=parcels))
    accepted = {announced.parcel.items[0].description for announced in intake.announced}
    assert accepted == set()
    assert acknowledgement.rejected_parcels == len(terms)


def test_stop_words_for_parties_are_refused_as_names() -> None:
    with data_file("vague_terms.csv").open(encoding="utf-8") as file:
        terms = [row["term"] for row in csv.DictReader(file) if row["field"] == "party"]
    assert terms
    parcels = [
        parcel(parcel_id=f"P{n}", consignee=consignee(name=term)) for n, term in enumerate(terms)
    ]
    intake = Intake()
    assert intake.answer(manifest(parcels=parcels)).accepted_parcels == 0
