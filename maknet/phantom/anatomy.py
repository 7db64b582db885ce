"""The synthetic patient: organs as ellipsoids and tapered tubes along the body axis.

Shapes are those of a 1.75 m adult and are scaled per patient. They are painted in order; a later one
covers an earlier one.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from maknet.phantom.shapes import Ellipsoid, Knot, Shape, Tube, stretched


@dataclass(frozen=True)
class Patient:
    """One random anatomy.

    Attributes:
        shapes: Shapes in painting order.
        length: Scale of the body axis.
        girth: Scale of the trunk's fat.
        contrast: Iodine phase, 0 (native) to 1 (arterial).
        female: Sex of the anatomy.
        arms_down: Whether the arms lie beside the trunk.
        bend: Phases and amplitudes of the smooth displacement that bends all outlines, (2, 2, 6).
        turn_degrees: Rotation on the table.
        shift_mm: Offset on the table (x, y).
    """

    shapes: tuple[Shape, ...]
    length: float
    girth: float
    contrast: float
    female: bool
    arms_down: bool
    bend: np.ndarray
    turn_degrees: float
    shift_mm: tuple[float, float]


def random_patient(generator: np.random.Generator) -> Patient:
    """Draw a patient: size, fat, contrast phase, sex, arms, and every organ's place."""
    length = float(generator.normal(1.0, 0.05))
    girth = float(generator.uniform(0.9, 1.22))
    contrast = float(generator.uniform(0.3, 1.0)) if generator.random() < 0.6 else 0.0
    female, arms_down = bool(generator.random() < 0.5), bool(generator.random() < 0.3)
    body = _Body(generator, girth, contrast, female)
    shapes = (
        *(body.arms() if arms_down else ()), *body.trunk(), *body.head_and_neck(), *body.chest(),
        *body.upper_abdomen(), *body.bowel(), *body.spine(), *body.pelvis(), *body.legs(),
    )  # fmt: skip
    return Patient(
        tuple(stretched(shape, length) for shape in shapes),
        length, girth, contrast, female, arms_down,
        bend=generator.normal(0, 1, (2, 2, 6)),
        turn_degrees=float(generator.normal(0, 3)),
        shift_mm=(float(generator.normal(0, 8)), float(generator.normal(0, 8))),
    )  # fmt: skip


class _Body:
    """Shapes by region for one patient's girth, contrast and sex."""

    def __init__(
        self, generator: np.random.Generator, girth: float, contrast: float, female: bool
    ) -> None:
        self._generator = generator
        self._girth = girth
        self._contrast = contrast
        self._female = female

    def _near(self, value: float, spread: float) -> float:
        return value + float(self._generator.normal(0, spread))

    def _within(self, low: float, high: float) -> float:
        return float(self._generator.uniform(low, high))

    def trunk(self) -> Iterator[Shape]:
        w, fat = self._girth, self._girth - 0.9
        skin: tuple[Knot, ...] = (
            (262, 0, 10, 66, 66), (290, 0, 8, 120, 72), (320, 0, 6, 205, 92), (360, 0, 0, 212, 108),
            (440, 0, 0, 178, 118), (560, 0, 0, 165, 115), (680, 0, 0, 155 * w, 112 * w),
            (780, 0, 0, 160 * w, 112 * w), (860, 0, 0, 178 * w, 115 * w),
            (925, 0, 0, 182 * w, 110 * w), (950, 0, 0, 178 * w, 100 * w),
        )  # fmt: skip
        inner = tuple((u, x, y, rx - 10 - 12 * fat, ry - 8 - 14 * fat) for u, x, y, rx, ry in skin)
        yield Tube("subcutaneous fat", skin, -100, 6)
        yield Tube("abdominal wall", inner, 52, 6)
        yield Tube("visceral fat", ((585, 0, -12, 125, 82), (680, 0, -12, 122, 82),
                   (800, 0, -14, 118, 80), (860, 0, -20, 112, 72), (930, 0, -10, 90, 60)), -98, 8)  # fmt: skip

    def arms(self) -> Iterator[Shape]:
        for side in (-1, 1):
            x = side * 245 * self._girth
            yield Tube(
                "arm",
                ((330, side * 215, 10, 40, 44), (620, x, 14, 36, 40), (900, x, -20, 28, 30)),
                48,
                8,
            )
            yield Tube(
                "arm bone",
                ((330, side * 215, 10, 14, 14), (620, x, 14, 11, 11), (900, x, -20, 9, 9)),
                700,
                40,
            )

    def head_and_neck(self) -> Iterator[Shape]:
        glow = self._contrast
        yield Tube("neck", ((205, 0, 14, 58, 60), (262, 0, 10, 62, 60), (300, 0, 8, 90, 68)), 45, 8)
        yield Ellipsoid("head", (0, 0, 108), (78, 98, 116), 40)
        yield Ellipsoid("skull", (0, 0, 88), (73, 93, 92), self._near(900, 80), 40)
        yield Ellipsoid("brain", (0, 0, 88), (66, 86, 84), self._near(34, 2), 3)
        for side in (-1, 1):
            yield Ellipsoid("ventricle", (side * 12, -10, 88), (6, 20, 14), 8, angle=side * -12)
            yield Ellipsoid("eye", (side * 32, -78, 118), (12, 12, 12), 12)
            yield Ellipsoid("sinus", (side * 26, -55, 150), (14, 16, 17), -960)
        yield Tube("mandible", ((178, 0, -38, 42, 44), (212, 0, -44, 34, 36)), 750, 30)
        yield Tube("neck", ((176, 0, -34, 34, 38), (214, 0, -40, 26, 30)), 50)
        for side in (-1, 1):
            yield Tube(
                "vessel", ((200, side * 30, 0, 6, 6), (310, side * 34, -6, 6, 6)), 45 + 140 * glow
            )
            yield Ellipsoid(
                "thyroid gland", (self._near(side * 16, 2), -14, 282), (9, 12, 22), 100 + 60 * glow
            )

    def chest(self) -> Iterator[Shape]:
        glow, w = self._contrast, self._girth
        for side in (-1, 1):
            yield Ellipsoid("axilla", (side * 150, 0, 365), (26, 40, 45), -92, 18)
            yield Ellipsoid("shoulder", (side * 180, 6, 325), (22, 22, 24), 420, 40)
            yield Tube(
                "shoulder", ((320, side * 120, 68, 40, 6), (430, side * 115, 82, 26, 5)), 380, 40
            )
            if self._female:
                yield Ellipsoid("breast", (side * 85, -112, 450), (55, 38 * w, 55), -70, 35)
        yield Tube("rib", ((318, 0, 2, 70, 62), (360, 0, 2, 122, 88), (440, 0, 2, 146, 99),
                   (540, 0, 2, 146, 98), (625, 0, 0, 138, 92)), 360, 40, wall=7.5)  # fmt: skip
        for side, lung in ((-1, "right lung"), (1, "left lung")):
            yield Tube(lung, ((312, side * 40, 18, 4, 4), (330, side * 48, 14, 30, 34),
                       (370, side * 64, 6, 52, 66), (440, side * 72, 0, 60, 84),
                       (520, side * 78, 8, 58, 82), (556, side * 84, 26, 46, 58),
                       (600, side * 92, 62, 30, 26), (622, side * 95, 74, 4, 4)), self._near(-840, 25), 28)  # fmt: skip
        yield Tube("mediastinum", ((300, 0, 6, 26, 26), (340, 0, 0, 36, 46), (400, 2, -4, 44, 66),
                   (520, 8, -6, 46, 70), (560, 8, -6, 30, 40)), 30, 18)  # fmt: skip
        yield Ellipsoid(
            "heart",
            (self._near(22, 5), -24, self._near(492, 6)),
            (60, 46, 56),
            42 + 95 * glow,
            5,
            28,
        )
        yield Tube("aorta", ((372, 6, -8, 14, 40), (392, 10, -4, 14, 44), (396, 18, 34, 12, 12),
                   (480, 20, 42, 12, 12), (620, 6, 34, 11, 11), (790, 4, 24, 9, 9)), 42 + 180 * glow)  # fmt: skip
        yield Tube("aorta", ((376, -10, -30, 14, 14), (450, -8, -30, 15, 15)), 42 + 190 * glow)
        yield Tube("vessel", ((360, -28, -18, 9, 9), (452, -30, -18, 10, 10)), 44 + 160 * glow)
        yield Tube("trachea", ((205, 0, -18, 9, 9), (300, 0, -2, 9, 9), (408, 0, 8, 9, 9)), -990, 2)
        for side in (-1, 1):
            yield Tube("bronchus", ((406, side * 6, 10, 7, 7), (446, side * 34, 16, 6, 6)), -980, 2)
            for _ in range(9):
                x, y = side * self._within(35, 115), self._within(-55, 65)
                yield Tube("vessel", ((self._within(390, 440), x / 2, y / 2, 4, 4),
                           (self._within(470, 560), x, y, 1.8, 1.8)), 30 + 60 * glow)  # fmt: skip
        yield Tube("sternum", ((335, 0, -96, 26, 6), (500, 0, -106, 17, 6)), 260, 40)

    def upper_abdomen(self) -> Iterator[Shape]:
        glow, down = self._contrast, self._near(0, 10)
        near, tissue = self._near, self._near(56, 4) + 52 * self._contrast
        yield Ellipsoid("liver", (near(-66, 4), -10, 612 + down), (82, 84, 82), tissue, 5, -10)
        yield Ellipsoid("liver", (20, -46, 600 + down), (62, 38, 42), tissue, 5, 12)
        yield Ellipsoid(
            "spleen", (near(104, 4), 46, 612 + down), (26, 46, 52), 48 + 75 * glow, 5, -28
        )
        yield Ellipsoid(
            "stomach", (near(58, 6), -36, 618 + down), (42, 36, 48), near(25, 12), 16, 35
        )
        if self._generator.random() < 0.7:
            yield Ellipsoid("gas", (58, -60, 612 + down), (24, 10, 26), -960, 2, 30)
        yield Ellipsoid("gallbladder", (-46, -52, 668 + down), (15, 20, 26), 8, 2, 20)
        yield Ellipsoid(
            "pancreas", (near(6, 4), -14, 672 + down), (56, 11, 17), 38 + 55 * glow, 8, -14
        )
        yield Ellipsoid("pancreas", (-28, -12, 688 + down), (16, 16, 26), 38 + 55 * glow, 8)
        yield Ellipsoid(
            "right adrenal gland", (-34, 32, 640 + down), (5, 14, 14), 22 + 30 * glow, 4, 30
        )
        yield Ellipsoid(
            "left adrenal gland", (34, 30, 644 + down), (5, 14, 14), 22 + 30 * glow, 4, -30
        )
        for side, kidney, level in ((-1, "right kidney", 708), (1, "left kidney", 692)):
            u = near(level, 7) + down
            yield Ellipsoid("retroperitoneum", (side * 60, 42, u), (38, 36, 66), -102)
            yield Ellipsoid(kidney, (side * 60, 42, u), (27, 30, 55), 33 + 130 * glow, 5, side * 25)
            yield Ellipsoid(
                "renal sinus", (side * 50, 38, u), (9, 10, 26), 20 * glow - 40, 4, side * 25
            )
        yield Tube("vessel", ((560, -22, 14, 11, 11), (790, -20, 22, 11, 9)), 40 + 85 * glow)

    def bowel(self) -> Iterator[Shape]:
        for _ in range(22):
            x, y = self._near(0, 52), self._near(-34, 22)
            u, r = self._within(700, 905), self._within(12, 24)
            radii = (r * self._within(0.8, 1.5), r, r * self._within(0.9, 1.8))
            hu, angle = self._near(38, 12) + 30 * self._contrast, self._within(0, 180)
            yield Ellipsoid("small bowel", (x, y, u), radii, hu, 10, angle)
            if self._generator.random() < 0.35:
                yield Ellipsoid("gas", (x, y - r * 0.35, u), (r * 0.6, r * 0.42, r * 0.8), -940, 2)
        for side in (-1, 1):
            yield Tube(
                "intestine", ((690, side * 104, 4, 20, 22), (850, side * 98, -2, 20, 22)), 25, 25
            )
            yield Tube(
                "gas",
                ((700, side * 104, -4, 11, 12), (840, side * 98, -10, 12, 12)),
                self._near(-850, 80),
                60,
            )
            yield Tube("psoas muscle", ((690, side * 26, 36, 8, 10), (780, side * 42, 30, 20, 22),
                       (900, side * 62, -8, 17, 19)), 55 + 10 * self._contrast)  # fmt: skip

    def spine(self) -> Iterator[Shape]:
        yield Tube("cervical spine", ((190, 0, 34, 12, 10), (300, 0, 40, 14, 12)), 420, 45)
        yield Tube(
            "thoracic spine",
            ((300, 0, 48, 15, 13), (440, 0, 62, 17, 16), (600, 0, 56, 19, 18)),
            300,
            45,
        )
        yield Tube(
            "lumbar", ((600, 0, 56, 20, 18), (700, 0, 46, 23, 20), (790, 0, 50, 25, 21)), 260, 45
        )
        for top, end, y_top, y_end in ((190, 300, 54, 58), (300, 600, 72, 82), (600, 790, 82, 80)):
            yield Tube(
                "vertebral arch",
                ((top, 0, y_top + 4, 15, 14), (end, 0, y_end + 4, 16, 15)),
                480,
                50,
            )
            yield Tube("spinal canal", ((top, 0, y_top, 8, 7), (end, 0, y_end, 9, 7)), 25)

    def pelvis(self) -> Iterator[Shape]:
        yield Tube(
            "sacrum", ((785, 0, 52, 46, 24), (850, 0, 68, 36, 18), (900, 0, 72, 10, 7)), 240, 50
        )
        for side in (-1, 1):
            yield Tube("pelvic bone", ((758, side * 104, 22, 10, 10), (780, side * 108, 18, 15, 40),
                       (840, side * 104, 8, 11, 42), (890, side * 92, 4, 22, 34),
                       (930, side * 62, -8, 20, 30), (962, side * 44, 0, 13, 16)), 330, 60)  # fmt: skip
            yield Ellipsoid("femur", (side * 94, -2, 912), (25, 25, 26), 380, 40)
        urine = 120 * self._contrast if self._generator.random() < 0.25 else 0.0
        bladder = (self._near(0, 4), -34.0, 893.0)
        yield Ellipsoid(
            "urinary bladder", bladder, (self._near(42, 7), 32, 34), self._near(6, 3) + urine, 2
        )
        yield Tube("rectum", ((840, 0, 40, 18, 16), (935, 0, 38, 16, 15)), 32, 20)
        if self._female:
            yield Ellipsoid("adnexa", (0, 2, 872), (26, 22, 30), 55 + 60 * self._contrast)
        else:
            yield Ellipsoid("prostate", (0, -8, 932), (22, 18, 16), 45 + 30 * self._contrast)

    def legs(self) -> Iterator[Shape]:
        w = self._girth
        for side in (-1, 1):
            skin: tuple[Knot, ...] = (
                (935, side * 88, 4, 86 * w, 92 * w), (1000, side * 88, 4, 82 * w, 86 * w),
                (1120, side * 84, 4, 70 * w, 74 * w),
            )  # fmt: skip
            inner = tuple((u, x, y, rx - 14 * w, ry - 12 * w) for u, x, y, rx, ry in skin)
            yield Tube("subcutaneous fat", skin, -102, 6)
            yield Tube("thigh", inner, 58, 9)
            yield Ellipsoid("groin", (side * 52, -72, 935), (18, 15, 26), -90, 12)
            yield Tube(
                "vessel",
                ((900, side * 50, -62, 6, 6), (1120, side * 46, -30, 5, 5)),
                45 + 120 * self._contrast,
            )
            yield Tube("femur", ((905, side * 95, 0, 24, 24), (930, side * 100, 4, 22, 20),
                       (985, side * 100, 4, 17, 17), (1120, side * 92, 0, 15, 15)), 1050, 40)  # fmt: skip
            yield Tube("marrow", ((985, side * 100, 4, 8, 8), (1120, side * 92, 0, 8, 8)), -40)
