/* tagger: says what part of speech each word of a sentence is.
 *
 *     tagger The dog ate the apple
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "tagger.h"

/* What the model was trained with; a word's number is its place. */
static const char *const vocabulary[] = {"The", "dog", "ate", "the", "apple", "Everybody", "read", "that", "book"};
static const char *const tag_names[] = {"DET", "NN", "V"};

enum { WORDS_KNOWN = sizeof vocabulary / sizeof vocabulary[0], TAGS = sizeof tag_names / sizeof tag_names[0] };

/* The word's number, or -1. */
static int32_t number_of(const char *word) {
    for (int32_t i = 0; i < WORDS_KNOWN; i++)
        if (strcmp(word, vocabulary[i]) == 0) return i;
    return -1;
}

static const char *name_of_best(const float scores[TAGS]) {
    size_t best = 0;
    for (size_t i = 1; i < TAGS; i++)
        if (scores[i] > scores[best]) best = i;
    return tag_names[best];
}

int main(int argc, char **argv) {
    static char default_sentence[] = "The dog ate the apple";
    char *defaults[] = {default_sentence};
    char **parts = argc > 1 ? argv + 1 : defaults;
    const int part_count = argc > 1 ? argc - 1 : 1;

    static int32_t sentence[TAGGER_T_MAX];
    size_t length = 0;
    for (int i = 0; i < part_count; i++) {
        for (char *word = strtok(parts[i], " "); word != NULL; word = strtok(NULL, " ")) {
            const int32_t number = number_of(word);
            if (number < 0) {
                fprintf(stderr, "tagger: I do not know the word '%s'; I know", word);
                for (size_t k = 0; k < WORDS_KNOWN; k++) fprintf(stderr, " %s", vocabulary[k]);
                fprintf(stderr, "\n");
                return 1;
            }
            if (length == TAGGER_T_MAX) {
                fprintf(stderr, "tagger: a sentence has at most %d words\n", TAGGER_T_MAX);
                return 1;
            }
            sentence[length++] = number;
        }
    }

    static tagger model;
    static float tags[TAGGER_T_MAX][TAGS];
    tagger_reset(&model);
    const nnc_status status = tagger_run(&model, length, sentence, tags[0]);
    if (status != NNC_OK) {
        fprintf(stderr, "tagger: %s\n", nnc_status_string(status));
        return 1;
    }
    for (size_t t = 0; t < length; t++) printf("%s%s", t > 0 ? " " : "", name_of_best(tags[t]));
    printf("\n");
    return 0;
}
