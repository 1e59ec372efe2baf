/* npy_write: version 1.0, a header whose end is a multiple of 64 bytes, little-endian elements. */
#include "weights/npy_write.h"

#include <inttypes.h>
#include <string.h>

enum { START = 10, ALIGNMENT = 64, LONGEST = 512 };

static bool write_little_endian(FILE *to, uint32_t value, unsigned bytes) {
    unsigned char all[4];
    for (unsigned i = 0; i < bytes; i++) all[i] = (unsigned char)(value >> (8 * i));
    return fwrite(all, 1, bytes, to) == bytes;
}

static bool write_header(FILE *to, bool integers, const int64_t *sizes, unsigned rank) {
    char header[LONGEST];
    int n = snprintf(header, sizeof header, "{'descr': '<%c4', 'fortran_order': False, 'shape': (",
                     integers ? 'i' : 'f');
    for (unsigned i = 0; i < rank; i++)
        n += snprintf(header + n, sizeof header - (size_t)n, "%s%" PRId64, i ? ", " : "", sizes[i]);
    n += snprintf(header + n, sizeof header - (size_t)n, "%s), }", rank == 1 ? "," : "");
    while ((START + n + 1) % ALIGNMENT) header[n++] = ' ';
    header[n++] = '\n';
    return fwrite("\x93NUMPY\1\0", 1, 8, to) == 8 && write_little_endian(to, (uint32_t)n, 2) &&
           fwrite(header, 1, (size_t)n, to) == (size_t)n;
}

bool npy_write(FILE *to, bool integers, const int64_t *sizes, unsigned rank, const double *numbers,
               size_t elements) {
    bool good = write_header(to, integers, sizes, rank);
    for (size_t i = 0; good && i < elements; i++) {
        float number = integers ? 0 : (float)numbers[i];
        uint32_t bits = integers ? (uint32_t)(int32_t)numbers[i] : 0;
        if (!integers) memcpy(&bits, &number, sizeof bits);
        good = write_little_endian(to, bits, 4);
    }
    return good;
}
