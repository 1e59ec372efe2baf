/* element: the types of a tensor's elements, under the names that each kind of file has for them,
 * and their conversion.
 *
 * One row a type. Floating point of 16, 32 and 64 bits is read; of the others nnc knows the size,
 * so that the rest of a file can be checked, and the name, so that it can be refused by it.
 */
#ifndef NNC_WEIGHTS_ELEMENT_H
#define NNC_WEIGHTS_ELEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    TENSOR_F32,
    TENSOR_F64,
    TENSOR_F16,
    TENSOR_BF16,
    TENSOR_OTHER /* known size, but not a type that nnc reads */
} tensor_dtype;

typedef struct {
    tensor_dtype dtype;
    unsigned bytes;
    const char *name;  /* for messages, and that of safetensors: "BF16" */
    const char *torch; /* torch.dtype's: "bfloat16"; NULL: it has none */
    const char
        *legacy; /* "BFloat16" of torch's BFloat16Storage and BFloat16Tensor; NULL: it has none */
    const char *numpy; /* kind and bytes of a NumPy descr: "f4"; NULL: it has none */
} element_type;

/* NULL when there is none of that name. */
const element_type *element_of_safetensors(const char *name);
const element_type *element_of_torch(const char *dtype); /* "float32" */
const element_type *element_of_storage(const char *name,
                                       size_t length); /* "FloatStorage", "FloatTensor" */
const element_type *element_of_numpy(const char *kind_and_bytes); /* "f4" */

/* Elements of a type other than TENSOR_OTHER, in either byte order, from any address. Returns the
 * index of the first finite number that float32 cannot hold, or count; such numbers become
 * infinite. */
size_t elements_to_float32(tensor_dtype dtype, bool big_endian, const unsigned char *from,
                           size_t count, float *to);
/* Exact. */
void elements_to_float64(tensor_dtype dtype, bool big_endian, const unsigned char *from,
                         size_t count, double *to);
/* True for what elements_to_numbers takes: the types above, integers and bools. */
bool element_is_number(const element_type *type);
/* Exact up to 2^53; a larger integer becomes the nearest double. */
void elements_to_numbers(const element_type *type, bool big_endian, const unsigned char *from,
                         size_t count, double *to);
/* How many of these values are denormal: not 0, and nearer to it than 1.2e-38, FLT_MIN. */
size_t elements_denormal(const float *values, size_t count);
/* The nearest float32; infinity from halfway to the next power of two on. */
float float32_of_double(double value);
bool host_is_little_endian(void);

#endif
