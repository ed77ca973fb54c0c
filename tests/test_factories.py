import pytest
from sqlalchemy import func, select

from tests.factories import FACTORIES
from wifiapp.db import Model, db


def test_each_model_has_a_factory():
    assert FACTORIES.keys() == {mapper.class_ for mapper in Model.registry.mappers}


@pytest.mark.parametrize("model", FACTORIES, ids=lambda model: model.__name__)
def test_a_factory_makes_a_row_with_no_more_than_it_needs_and_can_be_called_again(model):
    first, second = FACTORIES[model](), FACTORIES[model]()
    assert isinstance(first, model) and first is not second
    assert db.session.scalar(select(func.count()).select_from(model)) >= 2
