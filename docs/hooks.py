"""What MkDocs does on the way: add the generated reference, and refuse pages that load anything from the network."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

TOOLS = Path(__file__).resolve().parents[1] / "tools"
FROM_NETWORK = re.compile(r"""<(?:script|img|iframe|link)\b[^>]*\b(?:src|href)=["']?(?:https?:)?//""")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are written from the code."""
    if str(TOOLS) not in sys.path:  # here: MkDocs takes back what a hook does to the path while it is loaded
        sys.path.insert(0, str(TOOLS))
    import reference

    for name, page in reference.PAGES.items():
        files.append(File.generated(config, f"reference/{name}.md", content=page()))
    return files


def on_post_page(output: str, page: object, config: MkDocsConfig) -> str:
    """Let a page through that opens without network."""
    if found := FROM_NETWORK.search(output):
        raise PluginError(f"{page} loads from the network: {found[0]}")
    return output
