"""What clients are told. twine shows the reason phrase alone, uv the body, devpi the ``message`` of the JSON."""

import json
from collections.abc import Sequence

from pyramid.request import Request
from pyramid.response import Response

from musl_audit_devpi.words import reason


def refusal(request: Request, sentences: Sequence[str], status: int = 400) -> Response:
    """
    Return the answer that says *sentences*: the first in the reason phrase, all of them in the body.

    400 is what indexes answer for files that they do not want: twine and uv try no second time, and ask for no other
    credentials.
    """
    text = "\n".join(sentences)
    if "application/json" in request.headers.get("Accept", ""):
        document = json.dumps({"message": text}, ensure_ascii=False)  # uv shows it as it is
        response = Response(document.encode(), content_type="application/json", charset="utf-8")
    else:
        response = Response(text=text + "\n", content_type="text/plain", charset="utf-8")
    response.status = f"{status} {reason(sentences[0])}"
    return response
