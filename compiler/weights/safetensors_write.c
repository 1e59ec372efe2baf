/* safetensors_write: a header by jansson, then the tensors one behind the other. */
#include "weights/safetensors_write.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER_ALIGNMENT = 8 };

static size_t element_count(const tensor_to_write *t) {
    size_t count = 1;
    for (unsigned i = 0; i < t->rank; i++) count *= (size_t)t->shape[i];
    return count;
}

static char *header_text(const tensor_to_write *tensors, size_t count) {
    json_t *header = json_object();
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        size_t end = at + 4 * element_count(&tensors[i]);
        json_t *shape = json_array();
        for (unsigned k = 0; k < tensors[i].rank; k++) json_array_append_new(shape, json_integer(tensors[i].shape[k]));
        json_object_set_new(header, tensors[i].name,
                            json_pack("{s:s, s:o, s:[I, I]}", "dtype", "F32", "shape", shape, "data_offsets",
                                      (json_int_t)at, (json_int_t)end));
        at = end;
    }
    char *text = json_dumps(header, JSON_COMPACT);
    json_decref(header);
    return text;
}

static bool write_little_endian(FILE *to, uint64_t value, unsigned bytes) {
    unsigned char all[8];
    for (unsigned i = 0; i < bytes; i++) all[i] = (unsigned char)(value >> (8 * i));
    return fwrite(all, 1, bytes, to) == bytes;
}

bool safetensors_write(FILE *to, const tensor_to_write *tensors, size_t count) {
    char *header = header_text(tensors, count);
    if (!header) return false;
    size_t length = strlen(header), padding = (HEADER_ALIGNMENT - length % HEADER_ALIGNMENT) % HEADER_ALIGNMENT;
    bool good = write_little_endian(to, length + padding, 8) && fwrite(header, 1, length, to) == length &&
                fprintf(to, "%*s", (int)padding, "") == (int)padding;
    free(header);
    for (size_t i = 0; good && i < count; i++)
        for (size_t k = 0; good && k < element_count(&tensors[i]); k++) {
            uint32_t bits;
            memcpy(&bits, &tensors[i].data[k], sizeof bits);
            good = write_little_endian(to, bits, 4);
        }
    return good;
}
