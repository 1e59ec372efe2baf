/* poem: goes on from the words it is given, one character a run.
 *
 *     poem "Shall I compare thee"
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "poem.h"
#include "vocabulary.h"

enum { MOST_CHARACTERS = 2000 }; /* for a prompt from which the model never comes to an end */

/* The character's number, or -1. */
static int32_t number_of(char character) {
    for (int32_t i = 0; i < VOCABULARY_SIZE; i++)
        if (i != VOCABULARY_END && vocabulary[i] == character) return i;
    return -1;
}

static int32_t likeliest(const float p[VOCABULARY_SIZE]) {
    int32_t best = 0;
    for (int32_t i = 1; i < VOCABULARY_SIZE; i++)
        if (p[i] > p[best]) best = i;
    return best;
}

int main(int argc, char **argv) {
    const char *prompt = argc > 1 ? argv[1] : "Shall I compare thee";
    const size_t prompt_length = strlen(prompt);
    if (argc > 2 || prompt_length == 0) {
        fprintf(stderr, "usage: poem [\"FIRST WORDS\"]\n");
        return 1;
    }
    for (size_t i = 0; i < prompt_length; i++) {
        if (number_of(prompt[i]) < 0) {
            fprintf(stderr, "poem: I do not know the first character of '%s'\n", &prompt[i]);
            return 1;
        }
    }

    static poem model; /* the LSTM's h and c are in here */
    static float p[VOCABULARY_SIZE];
    poem_reset(&model);
    for (size_t i = 0; i < MOST_CHARACTERS; i++) {
        const int32_t character = i < prompt_length ? number_of(prompt[i]) : likeliest(p);
        if (character == VOCABULARY_END) return 0;
        putchar(vocabulary[character]);
        const nnc_status status = poem_run(&model, &character, p);
        if (status != NNC_OK) {
            fprintf(stderr, "poem: %s\n", nnc_status_string(status));
            return 1;
        }
    }
    putchar('\n');
    return 0;
}
