/* mapped: a model whose weights stand beside the code, and are changed without compiling anything.
 *
 *     mapped tagger.weights [OTHER.weights…]
 *
 * tags one sentence with each of the files, in one program. Compiled with -DIN_FLASH the weights are those that flash.S
 * has put into the program's read-only memory, where a microcontroller reads them in place. */
#define _POSIX_C_SOURCE 200809L
#include <stdint.h>
#include <stdio.h>

#include "tagger.h"

static const int32_t sentence[] = {0, 1, 2, 3, 4}; /* The dog ate the apple */
static const char *const tag_names[] = {"DET", "NN", "V"};

enum { WORDS = sizeof sentence / sizeof sentence[0], TAGS = sizeof tag_names / sizeof tag_names[0] };

static const char *name_of_best(const float scores[TAGS]) {
    size_t best = 0;
    for (size_t i = 1; i < TAGS; i++)
        if (scores[i] > scores[best]) best = i;
    return tag_names[best];
}

/* The file as it lies in memory. What is checked once may be used by any number of models and threads. */
static int tag(const char *name, const void *data, size_t bytes) {
    static tagger model;
    static float tags[WORDS][TAGS];
    nnc_status status;
    const tagger_weights *weights = tagger_weights_at(data, bytes, &status);
    if (weights != NULL) {
        tagger_reset(&model, weights);
        status = tagger_run(&model, weights, WORDS, sentence, tags[0]);
    }
    if (status != NNC_OK) {
        fprintf(stderr, "mapped: %s: %s\n", name, nnc_status_string(status));
        return 1;
    }
    for (size_t t = 0; t < WORDS; t++) printf("%s%s", t > 0 ? " " : "", name_of_best(tags[t]));
    printf("\n");
    return 0;
}

#ifdef IN_FLASH

extern const unsigned char weights_begin[], weights_end[];

int main(void) { return tag("flash", weights_begin, (size_t)(weights_end - weights_begin)); }

#else

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Pages come from the file when they are read; several programs share them. */
static int tag_with_file(const char *path) {
    struct stat about;
    void *data = MAP_FAILED;
    const int file = open(path, O_RDONLY);
    if (file >= 0 && fstat(file, &about) == 0)
        data = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    if (data == MAP_FAILED) {
        fprintf(stderr, "mapped: %s: %s\n", path, strerror(errno));
        if (file >= 0) close(file);
        return 1;
    }
    close(file);
    const int failed = tag(path, data, (size_t)about.st_size);
    munmap(data, (size_t)about.st_size);
    return failed;
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: mapped FILE.weights [FILE.weights…]\n");
        return 2;
    }
    for (int i = 1; i < argc; i++)
        if (tag_with_file(argv[i]) != 0) return 1;
    return 0;
}

#endif
