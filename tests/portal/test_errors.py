"""Every error of ours has an answer at every edge."""

import pytest

from portal import errors
from portal.api import problem_details
from portal.middleware import HTTP_STATUS, http_status


def tree(root):
    for child in root.__subclasses__():
        yield child
        yield from tree(child)


@pytest.mark.parametrize("error", sorted(tree(errors.PortalError), key=lambda kind: kind.__name__))
def test_every_error_has_an_http_status(error):
    """style.md §4, 17: a test walks the tree and fails on an error with no answer."""
    assert any(kind in HTTP_STATUS for kind in error.__mro__)


def test_the_most_specific_class_wins():
    assert http_status(errors.StaleVersion("x")) == 409
    assert http_status(errors.NotAllowed("x")) == 403


def test_the_api_answers_problem_details_with_the_field():
    """RFC 9457."""
    response = problem_details(errors.InvalidInput("Port 0 does not exist.", "port"), {})

    assert response.status_code == 400
    assert response.content_type == "application/problem+json"
    assert response.data["detail"] == "Port 0 does not exist."
    assert response.data["errors"] == {"port": ["Port 0 does not exist."]}
