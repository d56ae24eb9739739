"""People who work in Label Studio, signed up as they would do it in the browser."""

from __future__ import annotations

import re

from labeling.client import Client
from serving.core.errors import LabelingError


def sign_up(admin: Client, email: str, password: str) -> Client:
    """A new labeler, by the invitation of the organisation; the client of that person.

    Args:
        admin: of a user who may invite.
        email: of the new labeler.
        password: of at least eight characters.

    Raises:
        LabelingError: the server takes no such labeler, as of an address that is in use.
    """
    import httpx

    link = admin.request("GET", "api/invite")["invite_url"]
    with httpx.Client(base_url=admin.url, follow_redirects=True) as browser:
        page = browser.get(link).text
        csrf = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        if csrf is None:
            raise LabelingError(f"Label Studio ({admin.url}): expected a page to sign up, got none")
        form = {
            "email": email,
            "password": password,
            "allow_newsletters": "false",
            "csrfmiddlewaretoken": csrf.group(1),
        }
        browser.post(link, data=form, headers={"Referer": admin.url + link})
        answer = browser.get("/api/current-user/token")
        if answer.is_error:
            raise LabelingError(
                f"Label Studio ({admin.url}): expected to sign up {email}, "
                f"got {answer.status_code}: is the address in use?"
            )
        token = answer.json()["token"]
    return Client.open(admin.url, token)
