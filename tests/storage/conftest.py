"""A store of every engine, filled with the rules' factory."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.store import Store
from tests.servers import postgres
from tests.storage.engines import ENGINES, SQLITE, Engine, Place, people


@pytest.fixture(scope="session", params=ENGINES, ids=lambda e: str(e.name))
def engine(request: pytest.FixtureRequest) -> Engine:
    found: Engine = request.param
    return found


@pytest.fixture
def spot(engine: Engine, tmp_path: Path) -> Iterator[Place]:
    engine.create(tmp_path)
    place = Place(engine, tmp_path)
    yield place
    place.close()
    if engine is not SQLITE:
        postgres.drop(str(place.where))


@pytest.fixture
def store(spot: Place) -> Store:
    found = spot.open()
    found.now(people)
    return found
