/* personalise: a trained body, a head of one's own.
 *
 *     personalise FILE SCORES    learns, says what it learnt, and writes what was learnt, a .safetensors file, and the
 *                                scores
 */
#include <string.h>

#include "personalise.h"
#include "sentences.h"

static const int32_t parts[SENTENCES][MOST_WORDS] = {{0, 1, 2, 0, 1}, {0, 2, 0, 1, 0}};

static personalise model, served;
static unsigned char blob[PERSONALISE_SAVE_BYTES];
static float scores[SENTENCES][MOST_WORDS][PARTS];

static int write_file(const char *path, const void *bytes, size_t size) {
    FILE *f = fopen(path, "wb");
    if (f == NULL) return 0;
    const size_t written = fwrite(bytes, 1, size, f);
    return fclose(f) == 0 && written == size;
}

int main(int argc, char **argv) {
    float loss;
    personalise_reset(&model); /* the tagger's parameters */
    for (int epoch = 0; epoch < 400; epoch++)
        for (int i = 0; i < SENTENCES; i++) {
            const nnc_status status = personalise_train(&model, lengths[i], words[i], parts[i], PERSONALISE_LR, &loss);
            if (status != NNC_OK) return fprintf(stderr, "personalise: %s\n", nnc_status_string(status)), 1;
        }
    personalise_save(&model, blob);
    personalise_reset(&served); /* another struct, after another start of the device */
    if (personalise_restore(&served, blob, sizeof blob) != NNC_OK) return 1;
    for (int i = 0; i < SENTENCES; i++) {
        if (personalise_run(&served, lengths[i], words[i], scores[i][0]) != NNC_OK) return 1;
        print_parts((const float(*)[PARTS])scores[i], lengths[i]);
    }
    if (argc == 3 && (!write_file(argv[1], blob, sizeof blob) || !write_file(argv[2], scores, sizeof scores))) {
        fprintf(stderr, "personalise: cannot write %s and %s\n", argv[1], argv[2]);
        return 1;
    }
    return 0;
}
