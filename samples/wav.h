/* wav.h: reads 16-bit mono PCM out of a WAV file; the samples' programs share it. */
#ifndef WAV_H
#define WAV_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    int16_t *samples; /* of the heap */
    size_t count;
} recording;

/* Ends the program. */
static void wav_fail(const char *path, const char *problem) {
    fprintf(stderr, "%s %s\n", path, problem);
    exit(1);
}

static uint32_t wav_number(const unsigned char *bytes, int count) {
    uint32_t number = 0;
    while (count--) number = number << 8 | bytes[count]; /* the lowest byte comes first */
    return number;
}

/* `bytes` bytes of samples; of a size that the file does not hold, what is there. */
static recording wav_samples(const char *path, FILE *file, size_t bytes) {
    recording r = {NULL, 0};
    unsigned char block[1024];
    for (size_t room = 0; bytes >= 2;) {
        const size_t got = fread(block, 2, (bytes < sizeof block ? bytes : sizeof block) / 2, file);
        if (!got) break;
        if (r.count + got > room) {
            room = 2 * (r.count + got);
            int16_t *more = (int16_t *)realloc(r.samples, room * sizeof *more);
            if (!more) wav_fail(path, "is too long");
            r.samples = more;
        }
        for (size_t i = 0; i < got; i++) r.samples[r.count++] = (int16_t)wav_number(block + 2 * i, 2);
        bytes -= 2 * got;
    }
    return r;
}

/* Goes through the chunks of a RIFF file as far as "data"; other chunks than "fmt " are passed over. A
 * file that is not of that rate ends the program with a message. */
static recording read_wav(const char *path, uint32_t rate) {
    FILE *file = fopen(path, "rb");
    if (!file) wav_fail(path, "cannot be read");
    unsigned char head[16];
    if (fread(head, 1, 12, file) != 12 || memcmp(head, "RIFF", 4) != 0 || memcmp(head + 8, "WAVE", 4) != 0)
        wav_fail(path, "is no WAV file");
    recording r = {NULL, 0};
    for (bool fits = false; fread(head, 1, 8, file) == 8;) {
        const uint32_t size = wav_number(head + 4, 4);
        if (memcmp(head, "data", 4) == 0) {
            char problem[64];
            snprintf(problem, sizeof problem, "is not 16-bit mono PCM at %lu Hz", (unsigned long)rate);
            if (!fits) wav_fail(path, problem);
            r = wav_samples(path, file, size);
            break;
        }
        uint64_t passed = 0;
        if (memcmp(head, "fmt ", 4) == 0 && size >= 16) {
            if (fread(head, 1, 16, file) != 16) break;
            const uint32_t format = wav_number(head, 2); /* 1: PCM; 0xfffe: the same, said at length */
            fits = (format == 1 || format == 0xfffe) && wav_number(head + 2, 2) == 1 &&
                   wav_number(head + 4, 4) == rate && wav_number(head + 14, 2) == 16;
            passed = 16;
        }
        const uint64_t end = (uint64_t)size + size % 2; /* chunks begin at even places */
        while (passed < end && getc(file) != EOF) passed++;
    }
    fclose(file);
    if (!r.count) wav_fail(path, "holds no sound");
    return r;
}

#endif
