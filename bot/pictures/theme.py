"""Colours and measures, once for pictures and pages.

The five state colours were chosen to stay apart for every kind of colour vision; grey and yellow
are too pale to stand alone and carry an outline. Icon and word always stand beside the colour.
"""

from dataclasses import dataclass

STATES = ("pending", "in_progress", "done", "delayed", "to_confirm")


@dataclass(frozen=True, slots=True)
class Fill:
    """A state's colour, the ink that is readable on it, and its outline (empty: none)."""

    fill: str
    ink: str
    outline: str = ""


@dataclass(frozen=True, slots=True)
class Theme:
    """One set of colours; `states` follows STATES."""

    name: str
    paper: str
    card: str
    ink: str
    quiet: str
    line: str
    accent: str
    states: tuple[Fill, ...]

    def state(self, status: str) -> Fill:
        """The fill of a state; what is not a state looks like one that has not begun."""
        return self.states[STATES.index(status) if status in STATES else 0]


LIGHT = Theme(
    name="light",
    paper="#FAF9F7",
    card="#FFFFFF",
    ink="#1B1F23",
    quiet="#57606A",
    line="#E3E1DC",
    accent="#0D6E5A",
    states=(
        Fill("#ABABAB", "#111111", "#666666"),
        Fill("#FEDA4B", "#111111", "#666666"),
        Fill("#0D6E5A", "#FFFFFF"),
        Fill("#9F1308", "#FFFFFF"),
        Fill("#3B9BD7", "#111111"),
    ),
)

DARK = Theme(
    name="dark",
    paper="#0D1117",
    card="#161B22",
    ink="#E6EDF3",
    quiet="#9DA7B3",
    line="#30363D",
    accent="#66DBA0",
    states=(
        Fill("#96999C", "#111111", "#666666"),
        Fill("#FCDD19", "#111111", "#666666"),
        Fill("#66DBA0", "#111111"),
        Fill("#F8513A", "#111111"),
        Fill("#3B81C4", "#111111"),
    ),
)


def named(name: str) -> Theme:
    """The theme called `dark`, or the light one."""
    return DARK if name == "dark" else LIGHT


def properties(theme: Theme) -> dict[str, str]:
    """CSS custom properties of a theme: `--ink`, …, `--done`, `--done-ink`, `--done-line`."""
    found = {
        f"--{name}": str(getattr(theme, name))
        for name in ("paper", "card", "ink", "quiet", "line", "accent")
    }
    for status in STATES:
        fill, key = theme.state(status), status.replace("_", "-")
        found |= {
            f"--{key}": fill.fill,
            f"--{key}-ink": fill.ink,
            f"--{key}-line": fill.outline or fill.fill,
        }
    return found


def css() -> str:
    """A style sheet with both themes, dark by the system or by `data-theme` on the root."""
    dark = f"color-scheme:dark;{_declared(DARK)}"
    return (
        f":root{{color-scheme:light;{_declared(LIGHT)}}}\n"
        f'@media (prefers-color-scheme:dark){{:root:not([data-theme="light"]){{{dark}}}}}\n'
        f':root[data-theme="dark"]{{{dark}}}\n'
    )


def _declared(theme: Theme) -> str:
    return ";".join(f"{name}:{value}" for name, value in properties(theme).items())
