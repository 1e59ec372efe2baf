/* translate: says in French what number English words say.
 *
 *     translate four hundred and twenty-one
 *     translate --words four hundred and twenty-one       word by word, behind the English word that was looked at
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "translate.h"
#include "words.h"

enum { ENGLISH = sizeof english / sizeof *english, LONGEST = 16 };

/* The number of the English word of that length, or 0. */
static int32_t number_of(const char *word, size_t length) {
    for (int32_t i = 1; i < ENGLISH; i++)
        if (strlen(english[i]) == length && memcmp(english[i], word, length) == 0) return i;
    return 0;
}

/* The words of all arguments; hyphens and spaces stand between them. Returns their count, or 0 after a message. */
static size_t read_words(char **arguments, int32_t words[TRANSLATE_S_MAX]) {
    size_t count = 0;
    for (; *arguments; arguments++) {
        const char *at = *arguments;
        while (*(at += strspn(at, " -"))) {
            const size_t length = strcspn(at, " -");
            const int32_t word = number_of(at, length);
            if (!word || count == TRANSLATE_S_MAX) {
                fprintf(stderr, word ? "translate: there are too many words from '%.*s' on\n"
                                     : "translate: I do not know the word '%.*s'\n", (int)length, at);
                return 0;
            }
            words[count++] = word;
            at += length;
        }
    }
    if (!count) fprintf(stderr, "translate: there is no word\n");
    return count;
}

int main(int argc, char **argv) {
    const bool by_words = argc > 1 && strcmp(argv[1], "--words") == 0;
    int32_t words[TRANSLATE_S_MAX], translation[LONGEST], source[LONGEST];
    if (argc < 2 + by_words) {
        fprintf(stderr, "usage: translate [--words] NUMBER IN WORDS\n");
        return 1;
    }
    const size_t count = read_words(argv + 1 + by_words, words);
    if (!count) return 1;

    static translate model;
    translate_reset(&model);
    const nnc_status status = translate_run(&model, count, words, translation, source);
    if (status != NNC_OK) {
        fprintf(stderr, "translate: %s\n", nnc_status_string(status));
        return 1;
    }
    for (size_t i = 0; i < LONGEST && translation[i]; i++) {
        const char *word = french[translation[i]];
        if (by_words) printf("%-10s %s\n", english[words[source[i]]], word);
        else printf("%s%s", i ? "-" : "", word);
    }
    if (!by_words) putchar('\n');
    return 0;
}
