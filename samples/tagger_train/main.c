/* tagger_train: PyTorch's tutorial on sequence models, whole: from random weights to DET NN V DET NN.
 *
 *     tagger_train            the loss as it falls, then the tags
 *     tagger_train --quiet    the tags alone
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "tagger_train.h"

static const char *const tag_names[] = {"DET", "NN", "V"};

/* The two sentences of the tutorial: The dog ate the apple; Everybody read that book. A word's number is when it
 * comes. */
static const int32_t first[] = {0, 1, 2, 3, 4}, first_tags[] = {0, 1, 2, 0, 1};
static const int32_t second[] = {5, 6, 7, 8}, second_tags[] = {1, 2, 0, 1};

static tagger model; /* parameters, gradients and work space: no malloc anywhere */

static int fail(nnc_status status) {
    fprintf(stderr, "tagger_train: %s\n", nnc_status_string(status));
    return 1;
}

int main(int argc, char **argv) {
    const int quiet = argc > 1 && strcmp(argv[1], "--quiet") == 0;
    float loss[2];
    nnc_status status;
    tagger_reset(&model);
    for (int epoch = 0; epoch < 300; epoch++) {
        if ((status = tagger_train(&model, 5, first, first_tags, TAGGER_LR, &loss[0])) != NNC_OK) return fail(status);
        if ((status = tagger_train(&model, 4, second, second_tags, TAGGER_LR, &loss[1])) != NNC_OK) return fail(status);
        if (!quiet && epoch % 50 == 0) printf("epoch %3d: loss %.3f\n", epoch, (double)((loss[0] + loss[1]) / 2));
    }
    const int32_t *const sentences[] = {first, second};
    const size_t lengths[] = {5, 4};
    for (int i = 0; i < 2; i++) {
        int32_t best[TAGGER_T_MAX];
        if ((status = tagger_run(&model, lengths[i], sentences[i], best)) != NNC_OK) return fail(status);
        for (size_t t = 0; t < lengths[i]; t++) printf("%s%s", t ? " " : "", tag_names[best[t]]);
        printf("\n");
    }
    return 0;
}
