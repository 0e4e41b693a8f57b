"""Draws the pictures of the sample articles, in flat warm colours, as JPEG files beside this one.

The pictures are part of the repository; this file is how they were made and how to change one:
    python3 -m pip install pillow && python3 samples/images/draw.py [NAME…]
"""

import math
import random
import sys
from pathlib import Path

from PIL import Image, ImageDraw

WIDTH, HEIGHT = 640, 400
SCALE = 3  # drawn three times larger, then reduced: smooth edges

CREAM, SAND, OCHRE, ORANGE, RED = "#fbf1df", "#f0d9b0", "#d99a3d", "#e2703a", "#b8402f"
BROWN, NIGHT, BLUE, SKY, TEAL = "#6b4226", "#22304f", "#2f6690", "#a9d3dd", "#2a8c82"
GREEN, LEAF, DARK_GREEN, WHITE, PURPLE = "#6a994e", "#a7c957", "#386641", "#fffaf2", "#5f4b8b"


class Canvas:
    """A drawing in units of the final picture."""

    def __init__(self, background):
        self.image = Image.new("RGB", (WIDTH * SCALE, HEIGHT * SCALE), background)
        self.pen = ImageDraw.Draw(self.image)

    @staticmethod
    def _scaled(points):
        return [tuple(value * SCALE for value in point) for point in points]

    def box(self, x, y, width, height, fill, radius=0):
        corners = self._scaled([(x, y), (x + width, y + height)])
        self.pen.rounded_rectangle(corners, radius * SCALE, fill=fill)

    def disc(self, x, y, radius, fill, squash=1.0):
        self.pen.ellipse(self._scaled([(x - radius, y - radius * squash), (x + radius, y + radius * squash)]), fill=fill)

    def ring(self, x, y, radius, colour, width):
        self.pen.ellipse(self._scaled([(x - radius, y - radius), (x + radius, y + radius)]), outline=colour, width=width * SCALE)

    def shape(self, points, fill):
        self.pen.polygon(self._scaled(points), fill=fill)

    def line(self, points, fill, width=4):
        self.pen.line(self._scaled(points), fill=fill, width=int(width * SCALE), joint="curve")
        for x, y in points:
            self.disc(x, y, width / 2, fill)

    def arc(self, x, y, radius, start, end, colour, width):
        box = self._scaled([(x - radius, y - radius), (x + radius, y + radius)])
        self.pen.arc(box, start, end, fill=colour, width=int(width * SCALE))

    def hill(self, base, height, phase, fill, length=260):
        points = [(x, base - height * (0.5 + 0.5 * math.sin(x / length * math.pi + phase))) for x in range(0, WIDTH + 8, 8)]
        self.shape([(0, HEIGHT), *points, (WIDTH, HEIGHT)], fill)

    def tree(self, x, y, size, crown=DARK_GREEN):
        self.box(x - size * 0.06, y - size * 0.5, size * 0.12, size * 0.5, BROWN)
        for dx, dy, r in ((-0.28, -0.62, 0.3), (0.28, -0.62, 0.3), (0, -0.82, 0.36)):
            self.disc(x + dx * size, y + dy * size, r * size, crown)

    def person(self, x, y, size, fill, head=BROWN):
        self.disc(x, y - size * 0.82, size * 0.17, head)
        self.shape([(x - size * 0.3, y), (x - size * 0.2, y - size * 0.62), (x + size * 0.2, y - size * 0.62), (x + size * 0.3, y)], fill)


def hemicycle():
    c = Canvas(SAND)
    for i, colour in enumerate((BROWN, OCHRE, ORANGE, OCHRE, RED)):
        c.disc(320, 400, 330 - i * 56, colour)
        for k in range(11 - i):
            angle = math.pi * (k + 0.5) / (11 - i)
            c.disc(320 - math.cos(angle) * (306 - i * 56), 400 - math.sin(angle) * (306 - i * 56), 10, CREAM)
    c.disc(320, 400, 60, CREAM)
    c.box(290, 330, 60, 70, BROWN, 6)
    return c


def assemblee():
    c = Canvas("#f6e3bf")
    c.hill(360, 40, 1, "#e7c68a")
    c.box(296, 120, 48, 220, BROWN)
    for x, y, r in ((200, 120, 90), (320, 80, 110), (440, 120, 90), (260, 150, 70), (390, 150, 70)):
        c.disc(x, y, r, DARK_GREEN if x % 3 else GREEN)
    for i, colour in enumerate((RED, TEAL, OCHRE, BLUE, ORANGE, PURPLE, GREEN)):
        c.person(92 + i * 76, 350 + 14 * math.sin(i), 96, colour)
    return c


def ecole():
    c = Canvas(SAND)
    c.box(110, 50, 420, 190, BROWN, 8)
    c.box(124, 64, 392, 162, DARK_GREEN, 4)
    for i, (length, y) in enumerate(((220, 104), (290, 140), (180, 176))):
        c.line([(160, y), (160 + length, y)], "#dfe9d5", 5)
    c.shape([(430, 190), (460, 110), (490, 190)], OCHRE)
    for row, y in enumerate((290, 350)):
        for x in range(60, 620, 150):
            c.box(x - 4 + row * 30, y, 100, 14, OCHRE, 4)
            c.box(x + 6 + row * 30, y + 14, 8, 46, BROWN)
            c.box(x + 78 + row * 30, y + 14, 8, 46, BROWN)
            c.disc(x + 46 + row * 30, y - 24, 19, BROWN)
    return c


def livre():
    c = Canvas(BLUE)
    c.disc(520, 90, 48, OCHRE)
    c.shape([(70, 330), (320, 360), (570, 330), (570, 350), (320, 384), (70, 350)], RED)
    c.shape([(80, 120), (200, 96), (320, 130), (320, 356), (200, 316), (80, 332)], WHITE)
    c.shape([(560, 120), (440, 96), (320, 130), (320, 356), (440, 316), (560, 332)], CREAM)
    for i in range(6):
        y = 150 + i * 28
        c.line([(112, y - 6), (200, y - 20), (288, y + 4)], SAND, 5)
        c.line([(352, y + 4), (440, y - 20), (528 - (i == 5) * 90, y - 6 - (i == 5) * 10)], SAND, 5)
    return c


def paysage():
    c = Canvas("#f8d9a0")
    c.disc(450, 120, 62, ORANGE)
    c.hill(300, 120, 0.3, "#d9a760")
    c.hill(330, 80, 2.1, GREEN, 200)
    c.hill(360, 50, 4.0, DARK_GREEN, 330)
    c.shape([(250, 400), (390, 400), (330, 318), (348, 290), (336, 290), (300, 318)], RED)
    for x, y, s in ((90, 350, 90), (170, 368, 64), (540, 360, 100)):
        c.tree(x, y, s)
    return c


def port():
    c = Canvas("#f3b562")
    c.disc(480, 190, 72, "#f9e0a6")
    c.box(0, 270, 640, 130, BLUE)
    for i in range(5):
        c.line([(430 - i * 8, 285 + i * 20), (530 + i * 8, 285 + i * 20)], "#f9cf87", 4)
    for x in (90, 250):
        c.shape([(x, 280), (x + 12, 280), (x + 34, 90), (x + 22, 90)], NIGHT)
        c.shape([(x + 76, 280), (x + 88, 280), (x + 66, 90), (x + 54, 90)], NIGHT)
        c.box(x - 40, 96, 250, 12, NIGHT)
        c.line([(x + 44, 50), (x - 36, 98)], NIGHT, 4)
        c.line([(x + 44, 50), (x + 204, 98)], NIGHT, 4)
        c.box(x + 38, 50, 12, 60, NIGHT)
        c.line([(x + 170, 104), (x + 170, 170)], NIGHT, 3)
    c.shape([(380, 262), (640, 262), (640, 330), (420, 330)], RED)
    random.seed(3)
    for row in range(3):
        for k in range(6 - row):
            c.box(414 + k * 38 + row * 19, 238 - row * 24, 36, 22, random.choice((TEAL, OCHRE, ORANGE, CREAM, GREEN)))
    c.box(0, 276, 380, 20, BROWN)
    return c


def champ():
    c = Canvas(SKY)
    c.disc(120, 90, 46, "#f9e0a6")
    c.hill(220, 40, 0.5, GREEN, 300)
    c.shape([(400, 200), (400, 130), (480, 92), (560, 130), (560, 200)], RED)
    c.shape([(388, 136), (480, 80), (572, 136), (560, 142), (480, 96), (400, 142)], BROWN)
    c.box(455, 150, 50, 50, BROWN)
    c.box(0, 200, 640, 200, "#8a5a33")
    for i in range(-9, 10):
        c.line([(320 + i * 26, 204), (320 + i * 120, 400)], LEAF if i % 2 else GREEN, 14)
    return c


def marche():
    c = Canvas("#f8e2b8")
    c.box(0, 300, 640, 100, "#d9a760")
    for i, (one, two) in enumerate(((RED, WHITE), (TEAL, CREAM), (OCHRE, WHITE), (BLUE, CREAM))):
        x = 14 + i * 156
        c.box(x + 6, 150, 7, 190, BROWN)
        c.box(x + 131, 150, 7, 190, BROWN)
        for k in range(6):
            colour = one if k % 2 else two
            c.box(x + k * 24, 104, 24, 52, colour)
            c.disc(x + 12 + k * 24, 156, 12, colour)
        c.box(x, 270, 144, 74, BROWN, 4)
        for k in range(5):
            c.disc(x + 20 + k * 26, 266, 15, (ORANGE, LEAF, RED, OCHRE, GREEN)[(k + i) % 5])
        c.person(x + 72, 270, 104, (PURPLE, ORANGE, BLUE, RED)[i])
        for k in range(5):
            c.disc(x + 20 + k * 26, 270, 15, (ORANGE, LEAF, RED, OCHRE, GREEN)[(k + i) % 5])
        c.box(x, 276, 144, 68, BROWN, 4)
    return c


def tissu():
    c = Canvas(NIGHT)
    palette = (OCHRE, RED, TEAL, CREAM, ORANGE, GREEN)
    for column in range(8):
        x = column * 80
        for row in range(10):
            y, kind = row * 40, (column * 3 + row) % 4
            c.box(x, y, 78, 38, palette[(column + row * 2) % 6])
            inner = palette[(column + row * 2 + 3) % 6]
            if kind == 0:
                c.shape([(x, y), (x + 78, y), (x + 39, y + 38)], inner)
            elif kind == 1:
                for k in range(4):
                    c.box(x + k * 20, y, 10, 38, inner)
            elif kind == 2:
                c.shape([(x + 39, y + 2), (x + 74, y + 19), (x + 39, y + 36), (x + 4, y + 19)], inner)
            else:
                c.box(x + 8, y + 14, 62, 10, inner)
    return c


def rue():
    c = Canvas(SKY)
    for i, (x, w, h, colour) in enumerate(((0, 110, 170, OCHRE), (110, 90, 130, CREAM), (430, 100, 150, ORANGE), (530, 110, 190, SAND))):
        c.box(x, 300 - h, w, h, colour)
        for k in range(2):
            c.box(x + 18 + k * 42, 320 - h, 24, 32, BLUE, 3)
        c.box(x + w / 2 - 14, 250, 28, 50, BROWN)
    c.box(0, 296, 640, 104, "#c98d55")
    c.shape([(200, 400), (460, 400), (360, 230), (310, 230)], "#e6c39a")
    for x, s in ((170, 150), (490, 150), (240, 100), (420, 100)):
        c.tree(x, 330 - (150 - s) * 0.7, s, GREEN)
    for x, y, s, colour in ((300, 370, 1, RED), (390, 330, 0.7, TEAL)):
        c.ring(x - 26 * s, y, 15 * s, NIGHT, 5)
        c.ring(x + 26 * s, y, 15 * s, NIGHT, 5)
        c.shape([(x - 30 * s, y - 8 * s), (x - 8 * s, y - 26 * s), (x + 26 * s, y - 26 * s), (x + 14 * s, y - 4 * s)], colour)
        c.person(x - 2 * s, y - 20 * s, 58 * s, OCHRE)
        c.disc(x - 2 * s, y - 70 * s, 12 * s, colour)
    return c


def lagune():
    c = Canvas("#fbdca8")
    c.disc(180, 130, 56, ORANGE)
    c.hill(200, 46, 1, GREEN, 180)
    c.box(0, 190, 640, 210, TEAL)
    for i in range(9):
        x = (i * 137) % 560
        c.line([(x, 220 + i * 20), (x + 80, 220 + i * 20)], "#7cc2b6", 4)
    for x in (520, 580, 470, 620):
        for k in (-1, 0, 1):
            c.line([(x, 230), (x + k * 22, 290)], BROWN, 5)
        c.disc(x, 200, 40, DARK_GREEN)
    c.shape([(130, 290), (410, 290), (370, 322), (180, 322), (110, 276)], BROWN)
    c.person(270, 294, 110, RED)
    c.line([(290, 220), (370, 150), (384, 330)], NIGHT, 4)
    return c


def tambour():
    c = Canvas(RED)
    for x, top, width, height, colour in ((150, 130, 120, 230, OCHRE), (320, 80, 150, 290, BROWN), (490, 160, 110, 200, ORANGE)):
        c.shape([(x - width / 2, top), (x + width / 2, top), (x + width * 0.3, top + height), (x - width * 0.3, top + height)], colour)
        c.disc(x, top + height, width * 0.3, colour, 0.3)
        for k in range(6):
            left = x - width / 2 + k * width / 6
            c.line([(left, top + 6), (left + width / 12, top + height * 0.4), (left + width / 6, top + 6)], CREAM, 3)
        c.disc(x, top, width / 2, CREAM, 0.28)
        c.disc(x, top, width / 2 - 10, SAND, 0.25)
    return c


def nuit():
    c = Canvas(NIGHT)
    random.seed(7)
    for _ in range(70):
        c.disc(random.uniform(0, 640), random.uniform(0, 230), random.uniform(0.8, 2.2), CREAM)
    c.shape([(320, 390), (150, 80), (490, 80)], "#3a4a70")
    c.box(140, 60, 360, 180, CREAM, 4)
    c.disc(250, 150, 46, OCHRE)
    c.hill(400, 0, 0, NIGHT)
    c.shape([(140, 240), (140, 210), (230, 160), (330, 220), (420, 170), (500, 214), (500, 240)], TEAL)
    c.box(132, 60, 8, 260, BROWN)
    c.box(500, 60, 8, 260, BROWN)
    for row, y in enumerate((330, 370, 410)):
        for k in range(12):
            c.disc(30 + k * 54 + row * 24, y, 20, "#151f38")
            c.disc(30 + k * 54 + row * 24, y + 34, 30, "#151f38")
    return c


def terrain():
    c = Canvas(GREEN)
    for k in range(0, 8, 2):
        c.box(k * 80, 0, 80, 400, "#76a55a")
    white = 5
    for points in ([(40, 40), (600, 40), (600, 360), (40, 360), (40, 40)], [(320, 40), (320, 360)],
                   [(40, 120), (130, 120), (130, 280), (40, 280)], [(600, 120), (510, 120), (510, 280), (600, 280)]):
        c.line(points, WHITE, white)
    c.ring(320, 200, 60, WHITE, white)
    for x, y, colour in ((180, 110, RED), (230, 240, RED), (280, 160, RED), (400, 130, BLUE), (420, 260, BLUE), (360, 210, BLUE), (470, 190, RED)):
        c.disc(x, y, 11, colour)
    c.disc(346, 186, 7, WHITE)
    return c


def panier():
    c = Canvas("#f3b562")
    c.disc(120, 110, 54, "#f9e0a6")
    c.hill(330, 60, 2, "#d98a4a", 220)
    c.box(0, 330, 640, 70, RED)
    c.box(430, 80, 16, 270, NIGHT)
    c.box(300, 60, 160, 110, WHITE, 6)
    c.box(352, 106, 56, 44, RED)
    c.box(358, 112, 44, 32, WHITE)
    for k in range(6):
        c.line([(346 + k * 14, 176), (358 + k * 9, 226)], CREAM, 3)
    c.line([(340, 174), (420, 174)], ORANGE, 8)
    c.disc(250, 120, 34, ORANGE)
    c.arc(250, 120, 33, 0, 360, BROWN, 3)
    c.line([(217, 120), (283, 120)], BROWN, 3)
    c.arc(220, 90, 40, 0, 90, BROWN, 3)
    c.person(170, 350, 130, TEAL)
    c.line([(180, 270), (226, 160)], BROWN, 12)
    return c


def velo():
    c = Canvas(SKY)
    c.hill(250, 130, 0.4, LEAF, 240)
    c.hill(320, 110, 2.6, GREEN, 300)
    c.shape([(0, 400), (640, 400), (640, 290), (0, 372)], "#b8a58a")
    for x in (240, 400):
        y = 354 - (x - 240) * 0.12
        c.ring(x, y - 26, 46, NIGHT, 6)
        c.disc(x, y - 26, 6, NIGHT)
    c.line([(240, 328), (300, 240), (376, 232), (318, 318), (240, 328)], RED, 7)
    c.line([(300, 240), (318, 318)], RED, 7)
    c.line([(376, 232), (400, 308)], RED, 7)
    c.line([(376, 232), (366, 206), (392, 200)], NIGHT, 6)
    c.line([(296, 228), (330, 160), (384, 204)], OCHRE, 26)
    c.line([(296, 226), (342, 268), (318, 322)], BROWN, 18)
    c.disc(352, 134, 24, BROWN)
    c.shape([(326, 130), (352, 98), (384, 124)], RED)
    return c


def piste():
    c = Canvas(RED)
    for i in range(9):
        c.line([(320 + (i - 4) * 30, 90), (320 + (i - 4) * 150, 420)], CREAM, 4)
    c.box(0, 0, 640, 96, SKY)
    c.box(0, 66, 640, 30, GREEN)
    for i in range(8):
        c.person(222 + i * 28, 120 + (i % 3) * 6, 46, (OCHRE, TEAL, BLUE, CREAM, PURPLE, ORANGE, LEAF, WHITE)[i])
    c.box(40, 340, 560, 10, WHITE)
    return c


def circuit():
    c = Canvas("#1f6b4f")
    random.seed(11)
    for i in range(14):
        x, y = 40 + (i * 83) % 560, 20 + (i * 131) % 350
        side = -1 if x > 320 else 1
        c.line([(x, y), (x + side * 70, y), (x + side * 110, y + 40), (x + side * 110, y + 80)], "#4fae85", 5)
        c.disc(x, y, 9, OCHRE)
        c.disc(x, y, 4, "#1f6b4f")
    for k in range(7):
        for dx, dy, w, h in ((234 + k * 26, 116, 8, 168), (226, 124 + k * 23, 188, 8)):
            c.box(dx, dy, w, h, SAND)
    c.box(240, 130, 160, 140, NIGHT, 8)
    c.disc(262, 152, 8, OCHRE)
    c.box(280, 190, 80, 10, "#4a5b80", 4)
    c.box(280, 212, 50, 10, "#4a5b80", 4)
    return c


def clavier():
    c = Canvas("#f6e3bf")
    c.box(150, 20, 340, 420, NIGHT, 34)
    c.box(170, 56, 300, 380, CREAM, 10)
    c.box(190, 76, 190, 44, SKY, 14)
    c.box(250, 132, 200, 44, LEAF, 14)
    palette = (OCHRE, TEAL, RED, ORANGE, BLUE, GREEN, PURPLE)
    for row in range(4):
        for k in range(7 - row % 2):
            c.box(184 + k * 40 + (row % 2) * 20, 206 + row * 48, 34, 40, palette[(k * 2 + row * 3) % 7], 7)
    c.shape([(300, 254), (340, 254), (320, 190)], WHITE)
    c.box(276, 136, 88, 70, WHITE, 12)
    c.arc(312, 171, 18, 230, 130, NIGHT, 8)
    return c


def antenne():
    c = Canvas("#6d5a8d")
    c.box(0, 170, 640, 90, "#b9768f")
    c.box(0, 240, 640, 90, "#f3a26d")
    c.disc(150, 260, 50, "#f9e0a6")
    c.hill(340, 50, 0.5, NIGHT, 280)
    c.line([(440, 330), (470, 60), (500, 330)], CREAM, 5)
    for y in (290, 240, 190, 140, 100):
        half = (y - 60) / 270 * 30
        c.line([(470 - half, y), (470 + half * 0.8, y - 36)], CREAM, 3)
    for radius in (28, 48, 68):
        c.arc(470, 60, radius, 200, 250, OCHRE, 5)
        c.arc(470, 60, radius, 290, 340, OCHRE, 5)
    for x in (90, 210, 330):
        c.shape([(x, 340), (x + 100, 340), (x + 76, 282), (x - 24, 282)], BLUE)
        for k in range(1, 4):
            c.line([(x + k * 25, 340), (x - 24 + k * 25, 282)], SKY, 2)
        c.line([(x - 12, 311), (x + 88, 311)], SKY, 2)
        c.box(x + 40, 340, 8, 30, BROWN)
    return c


def drone():
    c = Canvas(SKY)
    c.disc(540, 80, 40, "#f9e0a6")
    c.hill(320, 110, 0.2, LEAF, 220)
    c.hill(380, 100, 2.4, GREEN, 260)
    c.line([(200, 130), (440, 130)], NIGHT, 8)
    for x in (200, 440):
        c.box(x - 4, 104, 8, 28, NIGHT)
        c.disc(x, 102, 62, WHITE, 0.1)
    c.box(262, 112, 116, 46, WHITE, 18)
    c.disc(320, 150, 12, RED)
    c.line([(320, 160), (320, 236)], NIGHT, 2)
    c.box(292, 234, 56, 44, ORANGE, 5)
    c.box(315, 242, 10, 28, WHITE)
    c.box(306, 251, 28, 10, WHITE)
    return c


def pont():
    c = Canvas("#fbe3b6")
    c.disc(320, 130, 60, "#f3a26d")
    c.hill(250, 50, 0.9, LEAF, 260)
    c.box(0, 250, 640, 150, BLUE)
    for i in range(7):
        x = (i * 173) % 540
        c.line([(x, 290 + i * 16), (x + 90, 290 + i * 16)], "#5c93b8", 4)
    c.box(0, 226, 640, 14, BROWN)
    for tower in (190, 450):
        c.shape([(tower - 14, 300), (tower + 14, 300), (tower + 6, 70), (tower - 6, 70)], RED)
        for k in range(1, 7):
            c.line([(tower, 70 + k * 10), (tower - k * 21, 228)], CREAM, 2.5)
            c.line([(tower, 70 + k * 10), (tower + k * 21, 228)], CREAM, 2.5)
    c.box(300, 206, 50, 22, TEAL, 3)
    c.box(350, 212, 18, 16, OCHRE, 3)
    return c


def stethoscope():
    c = Canvas(CREAM)
    c.disc(320, 200, 170, "#f6ddb4")
    c.arc(290, 120, 90, 0, 180, BLUE, 13)
    c.line([(206, 120), (222, 44)], BLUE, 12)
    c.line([(374, 120), (358, 44)], BLUE, 12)
    c.disc(226, 40, 13, NIGHT)
    c.disc(354, 40, 13, NIGHT)
    c.line([(290, 206), (290, 260)], BLUE, 13)
    c.arc(360, 260, 70, 60, 180, BLUE, 13)
    c.line([(392, 322), (440, 270), (446, 234)], BLUE, 13)
    c.disc(446, 210, 40, NIGHT)
    c.disc(446, 210, 28, SKY)
    c.disc(446, 210, 12, NIGHT)
    return c


def coeur():
    c = Canvas("#f8d9a0")
    c.disc(250, 160, 84, RED)
    c.disc(390, 160, 84, RED)
    c.shape([(174, 196), (466, 196), (320, 360)], RED)
    c.box(250, 150, 140, 60, RED)
    c.line([(60, 210), (210, 210), (246, 140), (290, 280), (330, 170), (356, 210), (580, 210)], CREAM, 9)
    return c


def lunettes():
    c = Canvas(TEAL)
    c.shape([(120, 60), (560, 30), (580, 370), (140, 390)], WHITE)
    for i in range(8):
        c.line([(150, 100 + i * 36), (556, 74 + i * 36)], SKY, 3)
    c.line([(196, 78), (206, 380)], RED, 3)
    for x in (240, 430):
        c.disc(x, 220, 78, "#dff0f2")
        c.ring(x, 220, 78, BROWN, 12)
        c.line([(x - 40, 210), (x - 10, 170)], WHITE, 8)
    c.arc(335, 214, 26, 190, 350, BROWN, 12)
    c.line([(164, 206), (96, 170)], BROWN, 11)
    c.line([(506, 206), (576, 160)], BROWN, 11)
    return c


def feuille():
    c = Canvas("#f6e3bf")
    for angle, length, colour in ((-150, 230, GREEN), (-120, 260, DARK_GREEN), (-90, 270, LEAF), (-60, 260, DARK_GREEN), (-30, 230, GREEN)):
        a = math.radians(angle)
        tip = (320 + math.cos(a) * length, 300 + math.sin(a) * length)
        side = [(320 + math.cos(a + d) * length * 0.55, 300 + math.sin(a + d) * length * 0.55) for d in (-0.3, 0.3)]
        c.shape([(320, 300), side[0], tip, side[1]], colour)
        c.line([(320, 300), tip], CREAM, 2)
    c.line([(400, 270), (500, 120)], "#8a5a33", 20)
    c.shape([(220, 270), (420, 270), (390, 380), (250, 380)], BROWN)
    c.disc(320, 270, 100, "#8a5a33", 0.22)
    c.disc(320, 272, 84, DARK_GREEN, 0.18)
    return c


def micro():
    c = Canvas(PURPLE)
    for k in range(0, 16, 2):
        c.box(k * 40, 0, 40, 400, "#6f5a9c")
    c.disc(320, 400, 230, "#f9e0a6", 0.22)
    c.box(310, 190, 20, 190, NIGHT)
    c.box(250, 366, 140, 16, NIGHT, 8)
    c.disc(320, 130, 62, SAND)
    for k in range(-2, 3):
        c.line([(320 + k * 22, 78 + abs(k) * 8), (320 + k * 22, 182 - abs(k) * 8)], BROWN, 3)
        c.line([(268 + abs(k) * 8, 130 + k * 22), (372 - abs(k) * 8, 130 + k * 22)], BROWN, 3)
    c.box(276, 176, 88, 26, OCHRE, 8)
    return c


DRAWINGS = [hemicycle, assemblee, ecole, livre, paysage, port, champ, marche, tissu, rue, lagune, tambour, nuit, terrain,
            panier, velo, piste, circuit, clavier, antenne, drone, pont, stethoscope, coeur, lunettes, feuille, micro]

if __name__ == "__main__":
    for draw in DRAWINGS:
        if len(sys.argv) == 1 or draw.__name__ in sys.argv[1:]:
            picture = draw().image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
            for quality in range(80, 30, -5):  # at most 25 kB each
                file = Path(__file__).with_name(f"{draw.__name__}.jpg")
                picture.save(file, quality=quality, optimize=True)
                if file.stat().st_size <= 25_000:
                    break
