/* given_array: tensors as a command line gives them, -i x=1,2,3 or -i x=x.npy: numbers in a row or,
 * in brackets, of a shape; or a file that weights/ reads, .npy, .npz and weights files. */
#ifndef NNC_COMMANDS_GIVEN_ARRAY_H
#define NNC_COMMANDS_GIVEN_ARRAY_H

#include "weights/tensor.h"

typedef struct {
    const char *name; /* of the input or output that it is for */
    const char *from; /* for messages: the file, or NULL of typed numbers */
    bool in_a_row;    /* numbers without brackets: elements of any shape; rank is 1 */
    unsigned rank;
    int64_t sizes[TENSOR_MAX_RANK];
    size_t elements;
    double *numbers; /* row-major */
} given_array;

typedef struct {
    given_array *items;
    size_t count, capacity;
} given_arrays;

/* "NAME=NUMBERS", "NAME=FILE" (of a file with several arrays the one of that name, or its only
 * one), or "FILE", all its arrays. False, and an error, when it cannot be had. */
bool given_arrays_add(arena *a, given_arrays *to, const char *given, diag_list *diags);
const given_array *given_arrays_find(const given_arrays *all,
                                     const char *name); /* the last; NULL if there is none */
/* "x.npy has shape [3, 4]", "12 numbers are given". */
const char *given_array_string(arena *a, const given_array *g);

#endif
