/* zip_around: a zip archive around what is fuzzed, so that sizes and checksums are right and the
 * readers behind get it. */
#ifndef NNC_FUZZ_ZIP_AROUND_H
#define NNC_FUZZ_ZIP_AROUND_H

#include "fuzz.h"

typedef struct {
    const char *name;
    const uint8_t *bytes;
    size_t size;
} zip_record;

static uint32_t crc32_of(const uint8_t *bytes, size_t size) {
    uint32_t crc = 0xFFFFFFFF;
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
    }
    return ~crc;
}

static uint8_t *put_number(uint8_t *to, unsigned bytes, uint64_t value) {
    for (unsigned i = 0; i < bytes; i++) *to++ = (uint8_t)(value >> (8 * i));
    return to;
}

/* What a local header and the directory have in common: from the version on to the lengths. */
static uint8_t *put_record(uint8_t *to, const zip_record *r) {
    to = put_number(to, 2, 20);
    to = put_number(to, 4, 0);          /* flags, method: stored */
    to = put_number(to, 4, 0x00210000); /* 1980-01-01 */
    to = put_number(to, 4, crc32_of(r->bytes, r->size));
    to = put_number(to, 4, r->size);
    to = put_number(to, 4, r->size);
    to = put_number(to, 2, strlen(r->name));
    return put_number(to, 2, 0);
}

static uint8_t *put_bytes(uint8_t *to, const void *bytes, size_t size) {
    if (size) memcpy(to, bytes, size);
    return to + size;
}

/* malloc'ed; *size bytes of a zip archive. */
static uint8_t *zip_of(const zip_record *records, size_t count, size_t *size) {
    size_t room = 22;
    for (size_t i = 0; i < count; i++) room += 76 + 2 * strlen(records[i].name) + records[i].size;
    uint8_t *zip = malloc(room), *to = zip;
    size_t places[8];
    fuzz_check(zip && count <= sizeof places / sizeof *places, "room for a zip");
    for (size_t i = 0; i < count; i++) {
        places[i] = (size_t)(to - zip);
        to = put_record(put_number(to, 4, 0x04034B50), &records[i]);
        to = put_bytes(to, records[i].name, strlen(records[i].name));
        to = put_bytes(to, records[i].bytes, records[i].size);
    }
    size_t directory = (size_t)(to - zip);
    for (size_t i = 0; i < count; i++) {
        to = put_record(put_number(put_number(to, 4, 0x02014B50), 2, 20), &records[i]);
        to = put_number(to, 8, 0);
        to = put_number(put_number(to, 2, 0), 4, places[i]);
        to = put_bytes(to, records[i].name, strlen(records[i].name));
    }
    size_t end = (size_t)(to - zip);
    to = put_number(put_number(to, 4, 0x06054B50), 4, 0);
    to = put_number(put_number(to, 2, count), 2, count);
    to = put_number(put_number(to, 4, end - directory), 4, directory);
    to = put_number(to, 2, 0);
    *size = (size_t)(to - zip);
    fuzz_check(*size == room, "the zip is as large as it should be");
    return zip;
}

#endif
