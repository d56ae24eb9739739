"""The model card: what a bundle is, from what, how good, and where not to use it.

Nothing in a card is typed by hand: facts come from `bundle.json`, prose from one template.
"""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

from serving.core.bundle import Bundle

_TEMPLATE = "model_card.md.j2"


def render_card(bundle: Bundle) -> str:
    environment = Environment(
        loader=PackageLoader("evaluation"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
    return environment.get_template(_TEMPLATE).render(bundle=bundle)
