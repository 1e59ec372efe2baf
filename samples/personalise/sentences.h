/* Two sentences, The dog ate the apple and Everybody read that book, and the parts of phrases in them. */
#ifndef SENTENCES_H
#define SENTENCES_H

#include <stdint.h>
#include <stdio.h>

enum { SENTENCES = 2, MOST_WORDS = 5, PARTS = 3 };
static const size_t lengths[SENTENCES] = {5, 4};
static const int32_t words[SENTENCES][MOST_WORDS] = {{0, 1, 2, 3, 4}, {5, 6, 7, 8, 0}};

static inline void print_parts(const float (*scores)[PARTS], size_t length) {
    static const char *const names[PARTS] = {"begin", "inside", "verb"};
    for (size_t t = 0; t < length; t++) {
        size_t best = 0;
        for (size_t i = 1; i < PARTS; i++)
            if (scores[t][i] > scores[t][best]) best = i;
        printf("%s%s", t ? " " : "", names[best]);
    }
    printf("\n");
}

#endif
