/* weights_file: see weights_file.h. */
#include "emit/weights_file.h"

#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t weights_file_checksum(const void *bytes, size_t n) { return XXH64(bytes, n, 0); }

static size_t padded(size_t n) { return (n + CWEIGHTS_ALIGNMENT - 1) / CWEIGHTS_ALIGNMENT * CWEIGHTS_ALIGNMENT; }

uint64_t weights_file_signature(const cunit *u) {
    const char *lines = cunit_weights_text(u);
    return weights_file_checksum(lines, strlen(lines));
}

uint64_t weights_file_size(const cunit *u) {
    return cunit_weights_size(u) + padded(strlen(cunit_weights_text(u))) + WEIGHTS_FILE_CHECKSUM;
}

typedef struct {
    FILE *to;
    XXH64_state_t *sum;
    bool big_endian;
} writer;

static bool put(void *context, const void *bytes, size_t n) {
    writer *w = context;
    XXH64_update(w->sum, bytes, n);
    return fwrite(bytes, 1, n, w->to) == n;
}

/* In the order of the machine that the file is for. */
static void number(const writer *w, uint64_t value, size_t width, unsigned char *to) {
    for (size_t i = 0; i < width; i++) to[i] = (unsigned char)(value >> 8 * (w->big_endian ? width - 1 - i : i));
}

static bool put_head(writer *w, const cunit *u, size_t text_length) {
    unsigned char head[WEIGHTS_FILE_HEAD] = WEIGHTS_FILE_MAGIC;
    number(w, WEIGHTS_FILE_THIS_ORDER, 4, head + WEIGHTS_FILE_ORDER);
    number(w, WEIGHTS_FILE_THIS_VERSION, 4, head + WEIGHTS_FILE_VERSION);
    number(w, weights_file_signature(u), 8, head + WEIGHTS_FILE_SIGNATURE);
    number(w, weights_file_size(u), 8, head + WEIGHTS_FILE_SIZE);
    number(w, cunit_weights_size(u), 8, head + WEIGHTS_FILE_TEXT);
    number(w, text_length, 8, head + WEIGHTS_FILE_TEXT_LENGTH);
    return put(w, head, sizeof head);
}

static bool put_text(writer *w, const char *lines, size_t length) {
    static const char zeros[CWEIGHTS_ALIGNMENT];
    return put(w, lines, length) && put(w, zeros, padded(length) - length);
}

bool weights_file_write(const cunit *u, bool big_endian, FILE *to) {
    XXH64_state_t sum;
    writer w = {to, &sum, big_endian};
    const uint16_t one = 1;
    bool machine_is_big = *(const unsigned char *)&one == 0;
    const char *lines = cunit_weights_text(u);
    unsigned char end[WEIGHTS_FILE_CHECKSUM];
    XXH64_reset(&sum, 0);
    if (!put_head(&w, u, strlen(lines)) || !cunit_weights_visit(u, big_endian != machine_is_big, put, &w)) return false;
    if (!put_text(&w, lines, strlen(lines))) return false;
    number(&w, XXH64_digest(&sum), sizeof end, end);
    return fwrite(end, 1, sizeof end, to) == sizeof end && fflush(to) == 0;
}
