/* words: the words that the translator knows, by number; the first is the end of a sentence. Written by train.py. */
#ifndef WORDS_H
#define WORDS_H

static const char *const english[] = {
    ".", "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
    "hundred", "thousand", "and",
};

static const char *const french[] = {
    ".", "zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix",
    "onze", "douze", "treize", "quatorze", "quinze", "seize", "vingt", "trente", "quarante",
    "cinquante", "soixante", "vingts", "cent", "cents", "mille", "et",
};

#endif
