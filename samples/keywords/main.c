/* keywords: says which keywords are spoken in a recording, and when.
 *
 *     keywords recording.wav       16-bit mono PCM, 8 kHz, up to five seconds
 */
#include "../wav.h"
#include "keywords.h"

enum { RATE = 8000, HOP = 80, POOLED = 4, MOST_ROWS = ((KEYWORDS_N_MAX - 128) / HOP + 1) / POOLED };
static const char *const names[] = {NULL, "yes", "no", "stop", "go"};

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: keywords RECORDING.wav\n");
        return 1;
    }
    recording sound = read_wav(argv[1], RATE);
    if (sound.count < KEYWORDS_N_MIN) wav_fail(argv[1], "is too short");
    if (sound.count > KEYWORDS_N_MAX) wav_fail(argv[1], "is longer than five seconds");

    static keywords model;
    static float samples[KEYWORDS_N_MAX];
    static int32_t words[MOST_ROWS];
    for (size_t i = 0; i < sound.count; i++) samples[i] = (float)sound.samples[i] / 32768;
    keywords_reset(&model);
    const nnc_status status = keywords_run(&model, sound.count, samples, words);
    if (status != NNC_OK) wav_fail(argv[1], nnc_status_string(status));

    /* One word may fill several rows; two of a kind have a row of none between them (CTC). */
    const size_t rows = ((sound.count - 128) / HOP + 1) / POOLED;
    for (size_t row = 0; row < rows; row++)
        if (words[row] && (row == 0 || words[row] != words[row - 1]))
            printf("%.2f s  %s\n", (double)(row * POOLED * HOP) / RATE, names[words[row]]);
    free(sound.samples);
    return 0;
}
