"""Tests of kind contract: the deployment against its own OpenAPI document, by the real schemathesis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import contractprogram
import gateserver
import pytest
from gateserver import Answer

if TYPE_CHECKING:
    from gateworld import World

CONTRACT = {"name": "contract", "kind": "contract",
            "command": ["--phases", "fuzzing", "--mode", "positive", "--max-examples", "5"]}  # fmt: skip


@pytest.fixture(autouse=True)
def program(world: World) -> None:
    """Let the program be found."""
    world.environ["WAYPAAS_SCHEMATHESIS"] = str(contractprogram.schemathesis())


class Shop(dict[str, Answer]):
    """Answers by path, and one for all that begin with /items/."""

    def __init__(self, answer: Answer) -> None:
        super().__init__({"/openapi.json": Answer(body=gateserver.DOCUMENT)})
        self.answer = answer

    def get(self, path: str, default: Answer | None = None) -> Answer | None:  # type: ignore[override]
        """Give the answer of a path."""
        return self.answer if path.startswith("/items/") else super().get(path, default)


def test_a_deployment_that_keeps_its_contract(world: World) -> None:
    """The traffic follows, and each operation is a case of the report."""
    with gateserver.started() as server:
        server.answers = Shop(Answer(body={"id": 1}))
        world.release(CONTRACT, url=server.url)
        assert sum(number for path, number in server.asked.items() if path.startswith("/items/")) > 0
    (report,) = world.reports()
    assert [case["state"] for case in report["tests"][0]["cases"]] == ["passed"]
    assert world.notes == ["version 7 []"]


def test_a_deployment_that_breaks_its_contract(world: World) -> None:
    """An answer that the document does not know fails the test, and the operation is named."""
    with gateserver.started() as server:
        server.answers = Shop(Answer(body={"id": "one"}))
        refusal = world.refused(CONTRACT, url=server.url)
    assert "schemathesis ended with exit code 1" in refusal.error
    assert "GET /items/{id}" in refusal.text
    assert world.notes == []


def test_a_document_of_the_app(world: World) -> None:
    """The document may be a file of the app; one that is not there fails the test."""
    refusal = world.refused({**CONTRACT, "path": "api.json"}, url="http://127.0.0.1:1")
    assert "schemathesis ended with exit code" in refusal.error


def test_without_the_program(world: World) -> None:
    """Where schemathesis is not installed the test fails, and says how to install it."""
    world.environ["WAYPAAS_SCHEMATHESIS"] = "/nowhere/schemathesis"
    refusal = world.refused(CONTRACT, url="http://127.0.0.1:1")
    assert "there is no program /nowhere/schemathesis: install schemathesis" in refusal.error
