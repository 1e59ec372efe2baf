/* safetensors: reads the format of https://github.com/huggingface/safetensors, in memory.
 *
 * Eight bytes, little-endian: the header's length N; N bytes of JSON, {"name": {"dtype": "F32", "shape": [24, 6],
 * "data_offsets": [begin, end]}, …, "__metadata__": {"key": "text", …}}; then the data, in which the offsets count.
 * Everything is checked as strictly as the format's own library does: the tensors cover the data without overlaps and
 * without holes, and each has exactly the bytes that its shape and type need.
 */
#ifndef NNC_WEIGHTS_SAFETENSORS_H
#define NNC_WEIGHTS_SAFETENSORS_H

#include "weights/tensor.h"

/* Sets to->tensors (in the arena, sorted by name, pointing into bytes) and to->count and returns NULL, or returns what
 * is wrong with the file, in arena text, to be read after "PATH: ". */
const char *safetensors_read(arena *a, const unsigned char *bytes, size_t size, tensor_file *to);

#endif
