#include <cstdio>

#include "speech.h"

static tagger model;

int main() {
    const int32_t sentence[] = {0, 1, 2, 3, 4};
    float tags[5][3];
    tagger_reset(&model);
    if (tagger_run(&model, 5, sentence, &tags[0][0]) != NNC_OK) return 1;
    for (const float *row : tags) std::printf("%d", row[0] > row[1] ? (row[0] > row[2] ? 0 : 2) : row[1] > row[2] ? 1 : 2);
    std::printf("\n");
    return 0;
}
