"""What a school uploads to Teams: a manifest of the current schema, two icons of the right kind, and no permission."""

from __future__ import annotations

import io
import json
import re
import struct
import uuid
import zipfile
import zlib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from adapters.teams.package import LOG_COMMAND, SCHEMA, PackageError, manifest, package
from tests.channels.teams.client import APP

SITE = "https://www.school.example/privacy"
SCHOOLS = ["Thornfield", "Ó" * 32, "The Very Long-Named Academy of Saint Somebody and All the Others " * 5]
OFFICIAL = (
    Path(__file__)
    .parents[3]
    .joinpath(
        "node_modules/@microsoft/app-manifest/build/json-schemas/teams", f"v{SCHEMA}", "MicrosoftTeams.schema.json"
    )
)

# Our own reading of the schema, stricter where it is lax: nothing that is not listed, nothing longer than Teams shows.
TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
ID = {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"}
LINK = {"type": "string", "pattern": "^https://[^\\s]+$", "maxLength": 2048}


def text(longest: int) -> dict[str, Any]:
    return TEXT | {"maxLength": longest}


def exactly(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": sorted(properties),
        "additionalProperties": False,
    }


def listed(items: dict[str, Any], at_most: int, at_least: int = 1) -> dict[str, Any]:
    return {"type": "array", "items": items, "maxItems": at_most, "minItems": at_least}


SCOPES = listed({"enum": ["personal", "team", "groupChat"]}, 3) | {"uniqueItems": True}
COMMAND = exactly(title=text(32), description=text(128))
OURS = exactly(
    **{"$schema": LINK},
    manifestVersion={"const": SCHEMA},
    version={"type": "string", "pattern": "^[0-9]+\\.[0-9]+\\.[0-9]+$"},
    id=ID,
    developer=exactly(name=text(32), websiteUrl=LINK, privacyUrl=LINK, termsOfUseUrl=LINK),
    name=exactly(short=text(30), full=text(100)),
    description=exactly(short=text(80), full=text(4000)),
    icons=exactly(color={"const": "color.png"}, outline={"const": "outline.png"}),
    accentColor={"type": "string", "pattern": "^#[0-9A-Fa-f]{6}$"},
    bots=listed(
        exactly(
            botId=ID,
            scopes=SCOPES,
            commandLists=listed(exactly(scopes=SCOPES, commands=listed(COMMAND, 10)), 3),
            isNotificationOnly={"const": False},
            supportsFiles={"const": False},
            supportsCalling={"const": False},
            supportsVideo={"const": False},
        ),
        1,
    ),
    composeExtensions=listed(
        exactly(
            botId=ID,
            commands=listed(
                exactly(
                    id=text(64),
                    type={"const": "action"},
                    title=text(32),
                    description=text(128),
                    context={"const": ["compose", "message"]},
                    fetchTask={"const": True},
                ),
                10,
            ),
        ),
        1,
    ),
    validDomains={"type": "array", "maxItems": 0},
    defaultInstallScope={"const": "personal"},
)


def contents(raw: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("school", SCHOOLS)
def test_the_manifest_is_of_our_strict_shape(school: str) -> None:
    jsonschema.Draft202012Validator(OURS).validate(manifest(APP, school, SITE))


@pytest.mark.skipif(
    not OFFICIAL.exists(), reason="npm's @microsoft/app-manifest, which carries the official schema, is not installed"
)
@pytest.mark.parametrize("school", SCHOOLS)
def test_the_manifest_is_valid_by_the_official_schema(school: str) -> None:
    schema = json.loads(OFFICIAL.read_text(encoding="utf-8"))
    jsonschema.Draft4Validator(schema).validate(manifest(APP, school, SITE))


def test_the_zip_holds_the_manifest_and_its_icons_and_nothing_else() -> None:
    files = contents(package(APP, "Thornfield", SITE))
    found = json.loads(files["manifest.json"])
    assert found == manifest(APP, "Thornfield", SITE)
    assert set(files) == {"manifest.json", *found["icons"].values()}


def test_the_same_school_gets_the_same_bytes() -> None:
    assert package(APP, "Thornfield", SITE) == package(APP.upper(), " Thornfield ", SITE)


def test_no_permission_is_asked_for() -> None:
    assert not set(manifest(APP, "Thornfield", SITE)) & {
        "permissions",
        "devicePermissions",
        "authorization",
        "webApplicationInfo",
    }


def test_every_place_lists_what_can_be_said_and_a_concern_can_be_begun_from_a_message() -> None:
    found = manifest(APP, "Thornfield", SITE)
    (bot,) = found["bots"]
    said = {tuple(each["scopes"]): [one["title"] for one in each["commands"]] for each in bot["commandLists"]}
    assert set(said) == {("personal",), ("team",), ("groupChat",)}
    for titles in said.values():
        assert titles[0] == "log a concern"
        assert titles[1].startswith("ask ")
        assert {"my concerns", "help"} <= set(titles)
    (command,) = found["composeExtensions"][0]["commands"]
    assert (command["id"], command["context"], command["fetchTask"]) == (LOG_COMMAND, ["compose", "message"], True)


@pytest.mark.parametrize(("name", "side"), [("color.png", 192), ("outline.png", 32)])
def test_an_icon_is_a_png_of_its_size(name: str, side: int) -> None:
    width, height, depth, colours, pixels = decoded(contents(package(APP, "Thornfield", SITE))[name])
    assert (width, height, depth, colours, len(pixels)) == (side, side, 8, 6, side * side)
    alphas = {alpha for *_, alpha in pixels}
    if name == "outline.png":
        assert {tuple(rgb) for *rgb, _ in pixels} == {(255, 255, 255)}, "Teams wants white on nothing"
        assert {0, 255} <= alphas
    else:
        assert alphas == {255}, "Teams wants no hole in it"
        assert len(set(pixels)) > 2, "there is a drawing on it"


def decoded(raw: bytes) -> tuple[int, int, int, int, list[tuple[int, ...]]]:
    """Width, height, depth, colour type and pixels of a PNG of RGBA without filters, each chunk's checksum proved."""
    assert raw.startswith(b"\x89PNG\r\n\x1a\n")
    chunks, at = {}, 8
    while at < len(raw):
        (size,) = struct.unpack_from(">I", raw, at)
        name, data = raw[at + 4 : at + 8], raw[at + 8 : at + 8 + size]
        assert struct.unpack_from(">I", raw, at + 8 + size) == (zlib.crc32(name + data),)
        chunks[name] = data
        at += size + 12
    width, height, depth, colours, *rest = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert rest == [0, 0, 0]
    rows = zlib.decompress(chunks[b"IDAT"])
    pixels = []
    for y in range(height):
        row = rows[y * (width * 4 + 1) : (y + 1) * (width * 4 + 1)]
        assert row[0] == 0
        pixels += [tuple(row[1 + x * 4 : 5 + x * 4]) for x in range(width)]
    return width, height, depth, colours, pixels


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (("signpost", "Thornfield", SITE), "SIGNPOST_TEAMS_APP_ID"),
        (("", "Thornfield", SITE), "SIGNPOST_TEAMS_APP_ID"),
        ((APP, "  ", SITE), "school.yaml"),
        ((APP, "Thornfield", "http://www.school.example"), "https://"),
        ((APP, "Thornfield", ""), "https://"),
        ((APP, "Thornfield", SITE, "1.0"), "three numbers"),
        ((APP, "Thornfield", SITE, "1.0.0-beta"), "three numbers"),
    ],
)
def test_what_teams_would_refuse_is_refused_here_with_the_reason(asked: tuple[str, ...], why: str) -> None:
    with pytest.raises(PackageError, match=re.escape(why)):
        package(*asked)


def test_any_way_of_writing_the_app_id_is_one_id() -> None:
    assert manifest(f"{{{APP.upper()}}}", "Thornfield", SITE)["id"] == str(uuid.UUID(APP))
