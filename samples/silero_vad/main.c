/* silero_vad: prints where somebody speaks.
 *
 *     silero_vad recording.wav       16-bit mono PCM, 16 kHz
 *     silero_vad --synthetic [WAV]   a signal of the program's own: silence, noise and a few vowels; WAV: also written
 *                                    there
 */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../wav.h"
#include "silero_vad.h"

enum {
    RATE = 16000,
    WINDOW = 512,  /* samples a run: 32 ms */
    CONTEXT = 64,  /* samples of the window before, which the model also sees */
    LEAST_SILENCE = 100 * RATE / 1000 /* what is shorter ends no speech */
};
static const float begins = 0.5f, ends = 0.35f; /* Silero's own thresholds */

static void put_little_endian(FILE *file, uint32_t number, int count) {
    for (; count--; number >>= 8) putc((int)(number & 255), file);
}

static void write_wav(const char *path, const recording *r) {
    FILE *file = fopen(path, "wb");
    if (!file) wav_fail(path, "cannot be written");
    const uint32_t bytes = (uint32_t)(2 * r->count);
    fputs("RIFF", file);
    put_little_endian(file, 36 + bytes, 4);
    fputs("WAVEfmt ", file);
    put_little_endian(file, 16, 4);
    put_little_endian(file, 1, 2);
    put_little_endian(file, 1, 2);
    put_little_endian(file, RATE, 4);
    put_little_endian(file, 2 * RATE, 4);
    put_little_endian(file, 2, 2);
    put_little_endian(file, 16, 2);
    fputs("data", file);
    put_little_endian(file, bytes, 4);
    for (size_t i = 0; i < r->count; i++) put_little_endian(file, (uint16_t)r->samples[i], 2);
    if (fclose(file) != 0) wav_fail(path, "cannot be written");
}

/* --- a signal --- */

/* Vowels by a formant synthesiser: pulses of the glottis through two-pole resonators in cascade (D. H. Klatt, Software
 * for a cascade/parallel formant synthesizer, JASA 67, 1980). */
typedef struct {
    double formants[4]; /* Hz */
    double from, to;    /* seconds */
    double pitch;       /* Hz at the beginning; it falls */
} vowel;

static recording synthetic(void) {
    static const vowel vowels[] = {
        {{730, 1090, 2440, 3400}, 1.00, 1.22, 130}, {{270, 2290, 3010, 3600}, 1.25, 1.45, 138},
        {{570, 840, 2410, 3300}, 1.50, 1.75, 126},  {{530, 1840, 2480, 3500}, 1.78, 2.00, 118},
        {{300, 870, 2240, 3300}, 3.20, 3.45, 134},  {{660, 1720, 2410, 3500}, 3.48, 3.72, 128},
        {{730, 1090, 2440, 3400}, 3.76, 4.10, 116}};
    static const double bandwidths[4] = {70, 90, 140, 220};
    const double pi = 3.14159265358979323846;
    recording r = {malloc(5 * RATE * sizeof *r.samples), 5 * RATE};
    if (!r.samples) wav_fail("--synthetic", "needs more memory");
    uint32_t random = 1;
    double phase = 0, glottis = 0, past[4][2] = {{0}};
    for (size_t n = 0; n < r.count; n++) {
        const double t = (double)n / RATE;
        random = random * 1664525u + 1013904223u;
        const double noise = (double)(random >> 8) / (1 << 23) - 1;
        double sound = 0;
        for (size_t v = 0; v < sizeof vowels / sizeof *vowels; v++) {
            const vowel *w = &vowels[v];
            if (t < w->from || t >= w->to) continue;
            const double part = (t - w->from) / (w->to - w->from);
            const double pitch = w->pitch * (1 - 0.12 * part) * (1 + 0.01 * sin(2 * pi * 5 * t));
            phase += pitch / RATE;
            double pulse = 0;
            if (phase >= 1) {
                phase -= 1;
                pulse = 1;
            }
            glottis = 0.95 * glottis + pulse; /* falls by some 12 dB an octave, as a voice does */
            sound = glottis + 0.01 * noise;
            for (int f = 0; f < 4; f++) {
                const double radius = exp(-pi * bandwidths[f] / RATE);
                const double a = 2 * radius * cos(2 * pi * w->formants[f] / RATE), b = -radius * radius;
                sound = (1 - a - b) * sound + a * past[f][0] + b * past[f][1];
                past[f][1] = past[f][0];
                past[f][0] = sound;
            }
            sound *= 9000 * sin(pi * part) * (part < 0.5 ? 1 : 0.9);
        }
        r.samples[n] = (int16_t)fmax(-32768, fmin(32767, sound + 20 * noise));
    }
    return r;
}

/* --- where speech is --- */

static void print_segment(size_t from, size_t to) {
    printf("speech from %.2f s to %.2f s\n", (double)from / RATE, (double)to / RATE);
}

int main(int argc, char **argv) {
    const bool own = argc >= 2 && strcmp(argv[1], "--synthetic") == 0;
    if (argc < 2 || argc > 2 + own) {
        fprintf(stderr, "usage: silero_vad RECORDING.wav\n       silero_vad --synthetic [WAV]\n");
        return 1;
    }
    recording r = own ? synthetic() : read_wav(argv[1], RATE);
    if (argc == 3) write_wav(argv[2], &r);

    static silero_vad model;
    static float input[CONTEXT + WINDOW]; /* zeros before the first window */
    silero_vad_reset(&model);
    bool speech = false;
    size_t from = 0, silent_since = 0, segments = 0;
    for (size_t at = 0; at < r.count; at += WINDOW) {
        memmove(input, input + WINDOW, CONTEXT * sizeof *input);
        for (size_t i = 0; i < WINDOW; i++) /* the last window is filled up with silence */
            input[CONTEXT + i] = at + i < r.count ? (float)r.samples[at + i] / 32768 : 0;
        float probability;
        const nnc_status status = silero_vad_run(&model, input, &probability);
        if (status != NNC_OK) wav_fail(argv[1], nnc_status_string(status));
        if (probability >= begins) {
            if (!speech) from = at;
            speech = true;
            silent_since = 0;
        } else if (speech && probability < ends) {
            if (!silent_since) silent_since = at;
            if (at + WINDOW - silent_since >= LEAST_SILENCE) {
                print_segment(from, silent_since);
                segments++;
                speech = false;
                silent_since = 0;
            }
        }
    }
    if (speech) print_segment(from, silent_since ? silent_since : r.count);
    else if (!segments) puts("no speech");
    free(r.samples);
    return 0;
}
