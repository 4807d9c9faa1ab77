"""Reviews of the orders, with texts of our own."""

from __future__ import annotations

from dataclasses import dataclass

from waybill_sources import clock, lives, world
from waybill_sources.draws import Draw, Quantiles, Weighted, fraction, identifier
from waybill_sources.world import OrderKey, World

_SCORES = Weighted.of({5: 58.0, 4: 19.0, 3: 8.0, 2: 3.0, 1: 12.0})
_TITLES = (
    "recomendo", "Muito bom", "10", "5 estrelas", "Ótimo", "Não gostei", "Chegou antes", "atrasou", "nota 8, quase",
)  # fmt: skip
_GOOD = (
    "Chegou dois dias antes do combinado.",
    "Tudo certo, recomendo a loja.",
    "Produto igual ao da foto, bem embalado",
    "10 de 10, compraria outra vez!",
    "Ótima relação custo\\benefício",
)
_BAD = (
    "Ainda espero a entrega, já são 3 semanas.",
    "Veio a cor errada",
    'O anúncio diz "novo", mas a caixa estava aberta.',
    "Faltou uma peça; ninguém responde.",
    "2 itens no pedido, só 1 na caixa",
)
_SECOND_LINES = ("Obrigado!", "Aguardo retorno.", "1 abraço, até a próxima", 'Fica a "dica".', "")
_UNTIL_ANSWER: Quantiles = (
    (0, 10_000), (0.25, 86_000), (0.5, 145_000), (0.75, 270_000), (0.95, 700_000), (0.999, 2_600_000), (1, 9_000_000),
)  # fmt: skip
_UNREVIEWED = 0.007
_GOOD_FROM = 4
_SECOND_REVIEWS = 0.0055
_UNANSWERED = 0.00034

FORCED_UNREVIEWED = 40
FORCED_UNANSWERED = 303
FORCED_UNDATED = 606
"""Orders by number in the base files: no review, no answer time, neither answer nor creation time."""
OLD = 60 * clock.DAY
"""How long ago an order was bought that gets a late review."""


@dataclass(frozen=True, slots=True)
class Review:
    """A review of an order.

    Attributes:
        day: The day of the samples in whose files it first stands.
    """

    review_id: str
    score: int
    title: str | None
    message: str | None
    created: int | None
    answered: int | None
    day: int


def _message(score: int, draw: Draw) -> str:
    first = draw.pick(_GOOD if score >= _GOOD_FROM else _BAD)
    return f"{first}\r\n{draw.pick(_SECOND_LINES)}" if draw.chance(0.1) else first


def _review(draw: Draw, review_id: str, created: int, answered: int, day: int) -> Review:
    score = draw.weighted(_SCORES)
    return Review(
        review_id=review_id,
        score=score,
        title=draw.pick(_TITLES) if draw.chance(0.117) else None,
        message=_message(score, draw) if draw.chance(0.413) else None,
        created=created,
        answered=answered,
        day=day,
    )


def _undated(review: Review, number: int, draw: Draw) -> Review:
    """The same review with its times missing, where it is one of the few that lack them."""
    is_rare = draw.chance(_UNANSWERED)
    has_no_answer = is_rare or number in {FORCED_UNANSWERED, FORCED_UNDATED}
    if not has_no_answer or review.created is None:
        return review
    has_no_creation = number == FORCED_UNDATED or (is_rare and draw.chance(0.26))
    return Review(
        review_id=review.review_id,
        score=review.score,
        title=review.title,
        message=review.message,
        created=None if has_no_creation else review.created,
        answered=None,
        day=max(review.day, 0),
    )


def reviews(world_: World, key: OrderKey, life: lives.Life) -> list[Review]:
    """The reviews of an order, in the order they were made.

    An order that was placed together with another one shares that one's reviews: same ids and texts.
    """
    if first := lives.twin(world_, key):
        return reviews(world_, first, lives.life(world_, first))
    if key == (0, FORCED_UNREVIEWED) or fraction(world_.seed, "unreviewed", *key) < _UNREVIEWED:
        return []
    draw = Draw(world_.seed, "review", *key)
    reached = life.customer if life.customer is not None else life.promised
    created = reached // clock.DAY * clock.DAY + clock.DAY
    found: list[Review] = []
    for number in range(2 if draw.chance(_SECOND_REVIEWS) else 1):
        answered = created + draw.spread(_UNTIL_ANSWER)
        day = max(key.day, world.day_of(answered))
        review_id = identifier(world_.seed, "review", *key, number)
        review = _review(draw, review_id, created, answered, day)
        found.append(_undated(review, key.number if key.day == 0 else -1, draw))
        created += draw.integer(1, 20) * clock.DAY
    return found


def late_reviews(world_: World, day: int) -> list[tuple[OrderKey, Review]]:
    """Reviews of old orders that arrive on a next day although they were answered days before."""
    found: list[tuple[OrderKey, Review]] = []
    draw = Draw(world_.seed, "late review", day)
    wanted = world_.day_sizes.late_reviews
    for attempt in range(wanted * 50):
        if len(found) == wanted:
            break
        key = OrderKey(0, draw.integer(0, world_.orders - 1))
        if lives.purchased_at(world_, key) > world.start(day) - OLD:
            continue
        answered = world.start(day) - draw.integer(5 * clock.DAY, 15 * clock.DAY)
        created = answered // clock.DAY * clock.DAY - draw.integer(1, 3) * clock.DAY
        review_id = identifier(world_.seed, "late review", day, attempt)
        found.append((key, _review(draw, review_id, created, answered, day)))
    return found
