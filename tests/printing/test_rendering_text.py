"""Text burned into pictures, and the preview of a film."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from printing.rendering import text
from printing.rendering.boxes import page_boxes
from printing.rendering.preview import page_preview
from printing.types import BoxSpec, BoxText, PageSpec
from tests.printing.factories import gray_dataset
from tests.printing.samples import as_array, one_box_page, written

RAMP = np.arange(64 * 32, dtype=np.uint16).reshape(64, 32)


def test_text_is_burned_in_at_a_size_on_film():
    """printing.md §3 (6): millimetres on film, whatever the pixels are."""
    small, large = np.zeros((500, 400), np.uint8), np.zeros((5000, 4000), np.uint16)

    for gray, white in ((small, 255), (large, 4095)):
        text.burn_in(
            gray,
            top=[["Synthetic Pat", "ID 1"]],
            bottom=[["CT", "Se 1"]],
            face=text.CHINESE,
            size=text.text_pixels(355.6, gray.shape[1] / 355.6),
            white=white,
        )
        assert gray.max() == white

    heights = [
        int(np.flatnonzero(gray[: len(gray) // 2].any(axis=1)).max()) for gray in (small, large)
    ]
    assert heights[1] / heights[0] == pytest.approx(34 / 9, rel=0.4)  # 9 pixels is the least


def test_text_that_is_too_long_goes_on_in_further_lines():
    """A name is never cut off: whose picture this is must be readable."""
    gray = np.zeros((300, 120), np.uint8)

    text.burn_in(gray, top=[["W" * 60]], bottom=[], face=text.CHINESE, size=12, white=255)

    lines = np.flatnonzero(np.diff((gray > 128).any(axis=1).astype(int)) == 1)
    assert len(lines) >= 5
    assert not gray[:, 118:].any()


@pytest.mark.parametrize(
    ("name", "shown", "face"),
    [
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "Yamada Tarou (山田 太郎)", text.JAPANESE),
        ("Hong^Gildong=洪^吉洞=홍^길동", "Hong Gildong (洪 吉洞)", text.KOREAN),
        ("Wang^XiaoDong=王^小东", "Wang XiaoDong (王 小东)", text.CHINESE),
        ("=山田^太郎", "山田 太郎", text.CHINESE),
        ("==やまだ", "やまだ", text.JAPANESE),
        ("Müller^Anna^^Dr.", "Müller Anna Dr.", text.CHINESE),
        ("", "", text.CHINESE),
    ],
)
def test_names_are_written_in_their_own_scripts(name, shown, face):
    """PS3.5 6.2.1: component groups; Han is drawn as the name's own readers write it."""
    assert text.displayed_name(name) == shown
    assert text.cjk_face(name) == face


@pytest.mark.parametrize(
    ("character", "one", "other"),
    [("直", text.JAPANESE, text.CHINESE), ("骨", text.KOREAN, text.CHINESE)],
)
def test_han_characters_differ_between_faces(character, one, other):
    """NotoSansCJK's faces 0 (JP), 1 (KR), 2 (SC) draw the same code point in their own ways."""
    drawn = set()
    for face in (one, other):
        gray = np.zeros((80, 80), np.uint8)
        text.burn_in(gray, top=[[character]], bottom=[], face=face, size=48, white=255)
        drawn.add(gray.tobytes())

    assert len(drawn) == 2


def test_the_text_of_a_box_names_patient_picture_and_window(tmp_path):
    """printing.md §5 (12): what tells pictures apart is on each of them."""
    path = written(tmp_path, gray_dataset(RAMP))
    words = BoxText("Synthetic^Pat", ("ID 1",), ("2026-01-01",), ("CT",))
    with_text = one_box_page(path, has_text=True, text=words)

    (bare,) = page_boxes(one_box_page(path), bits=8, film_pixels=(800, 1000), is_plain=False)
    (marked,) = page_boxes(with_text, bits=8, film_pixels=(800, 1000), is_plain=False)
    (plain,) = page_boxes(with_text, bits=8, film_pixels=(800, 1000), is_plain=True)

    changed = np.flatnonzero((as_array(bare) != as_array(marked)).any(axis=1))
    assert changed.min() < 30
    assert changed.max() > 970
    assert (plain.rows, plain.columns) == RAMP.shape


def test_where_the_films_pixels_are_unknown_small_pictures_grow_until_text_is_legible(tmp_path):
    """printing.md §6: native boxes, which the printer magnifies."""
    path = written(tmp_path, gray_dataset(RAMP))

    (box,) = page_boxes(one_box_page(path, has_text=True), bits=8, film_pixels=None, is_plain=False)

    assert max(box.rows, box.columns) >= 1024
    assert box.rows / box.columns == 2


def test_the_preview_is_the_film_with_the_printed_pictures(tmp_path):
    """printing.md §5 (2): the same layout and the same drawing for preview and print."""
    path = written(tmp_path, gray_dataset(RAMP))
    page = PageSpec(r"STANDARD\1,2", "14INX17IN", "PORTRAIT", False, (BoxSpec(2, path, True),))

    film = np.asarray(Image.open(BytesIO(page_preview(page, 356))))
    (box,) = page_boxes(page, bits=8, film_pixels=(356, 432), is_plain=False)

    assert film.shape == (432, 356)
    assert not film[:215].any()
    assert (film[-box.rows :] == as_array(box)).all()
