"""numerals: whole numbers below a million, as English and as French say them.

The French is that of France in the spelling of 1990, with a hyphen between all words: 81 is quatre-vingt-un, 200 000 is
deux-cent-mille. Its twenties are what makes it a task: 71 is "sixty and eleven", 97 "four twenties ten seven"; cent and
vingt take an s where they are multiplied and nothing but a noun follows (mille is none).
"""
MOST = 999999
ENGLISH_ONES = ("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
                "seventeen eighteen nineteen").split()
ENGLISH_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
FRENCH_ONES = "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize".split()
FRENCH_TENS = "vingt trente quarante cinquante soixante".split()

END = "."
ENGLISH = [END, *ENGLISH_ONES, *ENGLISH_TENS, "hundred", "thousand", "and"]
FRENCH = [END, *FRENCH_ONES, *FRENCH_TENS, "vingts", "cent", "cents", "mille", "et"]


def english(n):
    """The words of n, without the hyphens: 421 is four hundred and twenty one."""
    if n >= 1000:
        rest = n % 1000
        joint = ["and"] if 0 < rest < 100 else []
        return english(n // 1000) + ["thousand"] + joint + (english(rest) if rest else [])
    if n >= 100:
        return [ENGLISH_ONES[n // 100], "hundred"] + (["and", *english(n % 100)] if n % 100 else [])
    if n >= 20:
        return [ENGLISH_TENS[n // 10 - 2]] + ([ENGLISH_ONES[n % 10]] if n % 10 else [])
    return [ENGLISH_ONES[n]]


def french(n, last=True):
    """The words of n; last: nothing follows, so that cent and vingt may take their s."""
    if n >= 1000:
        thousands = [] if n < 2000 else french(n // 1000, last=False)
        return thousands + ["mille"] + (french(n % 1000, last) if n % 1000 else [])
    if n >= 100:
        many, rest = n >= 200, n % 100
        hundred = "cents" if many and rest == 0 and last else "cent"
        return ([FRENCH_ONES[n // 100]] if many else []) + [hundred] + (french(rest, last) if rest else [])
    if n >= 80:
        if n == 80:
            return ["quatre", "vingts" if last else "vingt"]
        return ["quatre", "vingt", *french(n - 80, last)]
    if n > 60:
        return ["soixante"] + (["et"] if n in (61, 71) else []) + french(n - 60, last)
    if n > 20 and n % 10:
        return [FRENCH_TENS[n // 10 - 2]] + (["et"] if n % 10 == 1 else []) + [FRENCH_ONES[n % 10]]
    if n >= 20:
        return [FRENCH_TENS[n // 10 - 2]]
    return [FRENCH_ONES[n]] if n <= 16 else ["dix", FRENCH_ONES[n - 10]]


def written(words):
    return "-".join(words)
