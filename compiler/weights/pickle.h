/* pickle: a machine for Python's pickles of protocols 0 to 5 that runs nothing.
 *
 * A pickle is a program for a stack machine that makes Python objects, and it may ask for any
 * function to be called. This machine makes values of its own: plain ones, and names where a pickle
 * wants classes and functions. An object made by NEWOBJ and BUILD is a record of its class's name
 * and its parts. What is to be called (REDUCE, INST, OBJ) is given to a function of the machine's
 * owner, which knows a list of full names and makes values for them; any other name is an error
 * that says it. The machine never looks anything up in the system, opens nothing and evaluates
 * nothing.
 *
 * Memory: each pickle has a budget that depends on its size; numbers in it never become sizes of
 * memory unchecked. Nothing recurses: a pickle may nest as deep as it likes. Texts point into the
 * pickle, which must outlast the values.
 */
#ifndef NNC_WEIGHTS_PICKLE_H
#define NNC_WEIGHTS_PICKLE_H

#include <stdbool.h>
#include <stdint.h>

#include "support/arena.h"
#include "weights/tensor.h"

typedef enum {
    PICKLE_NONE,
    PICKLE_BOOL,
    PICKLE_INTEGER,
    PICKLE_REAL, /* of a LONG beyond 64 bits: PICKLE_LONG, its bytes */
    PICKLE_LONG,
    PICKLE_TEXT,
    PICKLE_BYTES,
    PICKLE_NAME, /* a class or function, by its full name */
    PICKLE_TUPLE,
    PICKLE_LIST,
    PICKLE_SET,
    PICKLE_DICT,   /* dict, OrderedDict, defaultdict */
    PICKLE_OBJECT, /* anything else that was made, by its class's name */
    PICKLE_STORAGE,
    PICKLE_TENSOR /* torch's */
} pickle_kind;

typedef struct {
    const char *bytes; /* may hold a 0; not 0-terminated */
    size_t length;
} pickle_text;

typedef struct pickle_list pickle_list;
typedef struct pickle_object pickle_object;

typedef struct {
    pickle_kind kind;
    union {
        bool boolean;
        int64_t integer;
        double real;
        const pickle_text *text; /* TEXT, BYTES; LONG: little-endian two's complement, or decimal
                                    digits of protocol 0 */
        const char *name;        /* NAME: "collections.OrderedDict" */
        pickle_list *list;       /* TUPLE, LIST, SET; DICT: key, value, key, value, … */
        pickle_object *object;
        struct torch_storage *storage;
        tensor *tensor;
    } as;
} pickle_value;

struct pickle_list {
    pickle_value *items;
    size_t count, capacity;
    unsigned visit; /* for those who walk through values */
};

struct pickle_object {
    const char *class_name;
    pickle_value args;  /* what it was made with: a tuple */
    pickle_value state; /* of BUILD, or none */
    pickle_list dict;   /* what SETITEMS put into it: key, value, … */
    pickle_list list;   /* what APPENDS or ADDITEMS did */
    unsigned visit;
    tensor *tensor; /* for those who walk, too: the tensor that it turned out to be */
};

typedef struct pickle_machine pickle_machine;

/* What an owner decides. Both return NULL after setting *result, or what is wrong (arena text). */
typedef struct {
    void *context;
    /* A call of a full name with these arguments. */
    const char *(*call)(pickle_machine *m, const char *name, const pickle_list *args,
                        pickle_value *result);
    /* What a persistent id stands for. */
    const char *(*persistent)(pickle_machine *m, pickle_value id, pickle_value *result);
} pickle_owner;

struct pickle_machine {
    arena *arena; /* of values and texts */
    const pickle_owner *owner;
};

/* Reads one pickle from *at on, and moves *at behind its STOP. NULL, or what is wrong: "at byte 12:
 * …". */
const char *pickle_read(arena *a, const pickle_owner *owner, const unsigned char *bytes,
                        size_t size, size_t *at, pickle_value *value);

/* --- values --- */

pickle_value pickle_tuple_of(arena *a, const pickle_value *items, size_t count);
pickle_value pickle_dict_new(arena *a);
pickle_value pickle_object_new(arena *a, const char *class_name, pickle_value args);
void pickle_list_add(arena *a, pickle_list *l, pickle_value v);

bool pickle_is_text(pickle_value v, const char *text); /* a TEXT or BYTES of these characters */
/* A TEXT or BYTES as a C string in the arena; NULL for other values and for text that holds a 0. */
const char *pickle_string(arena *a, pickle_value v);
bool pickle_integer(pickle_value v, int64_t *integer); /* an INTEGER or BOOL */
/* The value of a DICT's key, the last that was set; NULL if there is none, and when v is no DICT.
 */
const pickle_value *pickle_get(pickle_value v, const char *key);

#endif
