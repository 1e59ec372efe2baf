/* personal: what personalise learnt, compiled anew: constant tables, nothing to train.
 *
 *     personal SCORES    says whether the scores are those that personalise wrote, bit for bit
 */
#include <string.h>

#include "personal.h"
#include "sentences.h"

int main(int argc, char **argv) {
    static personal model;
    static float scores[SENTENCES][MOST_WORDS][PARTS], learnt[SENTENCES][MOST_WORDS][PARTS];
    personal_reset(&model);
    for (int i = 0; i < SENTENCES; i++) {
        if (personal_run(&model, lengths[i], words[i], scores[i][0]) != NNC_OK) return 1;
        print_parts((const float(*)[PARTS])scores[i], lengths[i]);
    }
    if (argc != 2) return 0;
    FILE *f = fopen(argv[1], "rb");
    if (f == NULL || fread(learnt, 1, sizeof learnt, f) != sizeof learnt)
        return fprintf(stderr, "personal: no scores\n"), 1;
    fclose(f);
    printf("%s\n", memcmp(scores, learnt, sizeof scores) == 0 ? "the same bits" : "other bits");
    return 0;
}
