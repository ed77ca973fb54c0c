"""Copy pinned front-end files out of their npm packages into static/vendor.

Run by a person when a version changes, with npm installed: `python scripts/vendor_static.py`.
The result is committed, so nothing is fetched when the app is built or runs. Each package gets a
folder `<name>@<version>` with its licence; `manifest.json` holds the SHA-256 of every file. The
icons become one style sheet: a class each, so that a page with hundreds of them stays small.
"""

import hashlib
import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

VENDOR = Path(__file__).resolve().parent.parent / "static" / "vendor"
ICONS = """
    access-point activity alert-circle alert-triangle archive arrow-back-up arrow-left ban
    braces building-store calendar cash cash-register chart-bar check chevron-down chevron-left
    chevron-right chevrons-left circle-check circle-x clock clock-off copy database
    database-export device-desktop device-mobile devices dots-vertical download edit eye
    eye-off file-type-csv filter flask heartbeat help-circle history hourglass inbox
    info-circle key layout-dashboard loader-2 lock logout menu-2 moon pin player-play plus
    printer receipt refresh restore router search settings shield-check stethoscope sun tag
    ticket ticket-off trash upload user user-circle users wifi wifi-off x
""".split()  # noqa: SIM905 (words read better than a column of quoted names)
PACKAGES = {
    "@fontsource-variable/inter@5.3.0": ["files/inter-latin-wght-normal.woff2"],
    "@tabler/icons@3.51.0": [f"icons/outline/{name}.svg" for name in ICONS],
    "chart.js@4.6.1": ["dist/chart.umd.min.js"],
    "htmx.org@2.0.11": ["dist/htmx.min.js"],
    "idiomorph@0.8.0": ["dist/idiomorph-ext.min.js"],
}
ICON = """\
.i-%s {
  --icon: url("data:image/svg+xml,\
%%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24' fill='none' stroke='%%23000' \
stroke-width='1.75' stroke-linecap='round' stroke-linejoin='round'%%3E%s%%3C/svg%%3E");
}
"""
SHAPE = re.compile(r'<(?!svg|path stroke="none")\w[^>]*?/>')
SOURCE_MAP = re.compile(rb"\n?//# sourceMappingURL=\S+\s*$")


def main() -> None:
    """Replace static/vendor by the files of PACKAGES and print what they weigh."""
    with tempfile.TemporaryDirectory() as scratch:
        install(Path(scratch))
        manifest: dict[str, dict[str, str]] = {}
        for old in VENDOR.glob("*@*"):
            shutil.rmtree(old)
        for spec, files in PACKAGES.items():
            manifest |= copy_package(Path(scratch), spec, files)
    text = json.dumps(manifest, indent=1, sort_keys=True)
    (VENDOR / "manifest.json").write_text(text + "\n")
    size = sum((VENDOR / name).stat().st_size for name in manifest)
    print(f"{len(manifest)} files, {size // 1024} KB")


def install(scratch: Path) -> None:
    """Let npm fetch the packages into `scratch` without running any of their scripts."""
    flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-save"]
    subprocess.run(
        ["npm", "install", *flags, "--prefix", str(scratch), *PACKAGES],
        check=True,
        stdout=subprocess.DEVNULL,
    )


def copy_package(scratch: Path, spec: str, files: list[str]) -> dict[str, dict[str, str]]:
    """Copy the named files and the licence of one package; return its part of the manifest."""
    name, version = spec.rsplit("@", 1)
    source = scratch / "node_modules" / name
    about = json.loads((source / "package.json").read_text())
    if about["version"] != version:
        raise SystemExit(f"{name}: wanted {version}, npm gave {about['version']}")
    target = VENDOR / f"{name.strip('@').replace('/', '-')}@{version}"
    target.mkdir(parents=True)
    licence = next(source.glob("LICENSE*"))
    manifest = {}
    bodies = {path.name: path.read_bytes() for path in (source / file for file in files)}
    if name == "@tabler/icons":
        bodies = {"icons.css": "".join(icon_rule(*icon) for icon in bodies.items()).encode()}
    bodies["LICENSE"] = licence.read_bytes()
    for filename, original in bodies.items():
        body = SOURCE_MAP.sub(b"\n", original) if filename.endswith(".js") else original
        copy = target / filename
        copy.write_bytes(body)
        manifest[copy.relative_to(VENDOR).as_posix()] = {
            "licence": about["license"],
            "package": spec,
            "sha256": hashlib.sha256(body).hexdigest(),
        }
    return manifest


def icon_rule(filename: str, svg: bytes) -> str:
    """Return the class of one icon: its shapes as the mask that the style sheet fills."""
    shapes = "".join(SHAPE.findall(svg.decode())).replace('"', "'").replace(" /", "/")
    return ICON % (filename.removesuffix(".svg"), shapes.replace("<", "%3C").replace(">", "%3E"))


if __name__ == "__main__":
    main()
