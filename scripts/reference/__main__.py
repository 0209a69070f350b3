"""Write what is rendered from the command tree."""

from __future__ import annotations

from pathlib import Path

from scripts.reference import man, markdown, module
from scripts.reference.tree import pages

ROOT = Path(__file__).parents[2]


def rendered() -> dict[Path, str]:
    """Every rendered file and its text."""
    tree = pages()
    return {
        ROOT / "kubectl_arm64" / "cli" / "static.py": module.render(tree),
        ROOT / "docs" / "reference.md": markdown.render(tree),
        ROOT / "docs" / "kubectl-arm64.1": man.render(tree),
    }


def main() -> None:
    for path, text in rendered().items():
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
