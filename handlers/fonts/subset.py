#!/usr/bin/env python3
"""Cuts Noto Sans SC or Noto Serif SC to what names, addresses and papers are written
in: GBK, the rest of the table of 8,105 standard characters, Latin. With a third
argument, gb2312, to the 6,763 characters of that: enough for headings.
Usage: subset.py NotoSansSC-Regular.ttf OUT.ttf [gb2312], then gzip -9n OUT.ttf. Needs
fonttools; the sources are in npm's @expo-google-fonts/noto-sans-sc 0.4.3 and noto-serif-sc 0.4.3."""
import sys
from fontTools import subset
from fontTools.ttLib import TTFont

RARE = "㑇㑊㕮㘎㙍㙘㙦㛃㛚㛹㟃㠇㠓㤘㥄㧐㧑㧟㫰㬊㬎㬚㭎㭕㮾㰀㳇㳘㳚㴔㵐㶲㸆㸌㺄㻬㽏㿠䁖䂮䃅䃎䅟䌹䎃䎖䏝䏡䏲䐃䓖䓛䓨䓫䓬䗖䗛䗪䗴䜣䝙䢺䢼䣘䥽䦃䲟䲠䲢䴓䴔䴕䴖䴗䴘䴙䶮"

def table(encoding):
    for hi in range(0x81, 0xFF):
        for lo in range(0x40, 0xFF):
            try:
                yield ord(bytes([hi, lo]).decode(encoding))
            except (UnicodeDecodeError, TypeError):
                pass

font = TTFont(sys.argv[1], recalcTimestamp=False)
have = font.getBestCmap()
want = {*range(0x20, 0x180), *range(0x2000, 0x2070), *range(0x3000, 0x3030), *range(0xFF00, 0xFF60), 0x20AC, *table(sys.argv[3] if len(sys.argv) > 3 else "gbk"), *map(ord, RARE)}
want |= {c for c in have if c >= 0x20000}  # the font has of these what the standard table asks for
options = subset.Options()
options.layout_features, options.hinting, options.notdef_outline, options.glyph_names = [], False, True, False
options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
options.drop_tables += ["GPOS", "GSUB", "GDEF", "BASE", "VORG", "vhea", "vmtx", "DSIG"]
cut = subset.Subsetter(options)
cut.populate(unicodes=[c for c in want if c in have])
cut.subset(font)
font.save(sys.argv[2])
