/* pack_list: what of parameters that live in the struct kernels read elsewhere than in its array `parameters`: sums of
 * biases, the factors of norms, and matrices that are wanted in more than one order. They lie in the struct's array
 * `packs`. The plans of a model with a loss (run, eval, train) share one list. MODEL_pack fills the array anew whenever
 * parameters change. */
#ifndef NNC_PLAN_PACK_LIST_H
#define NNC_PLAN_PACK_LIST_H

#include "plan/params.h"

/* The running statistics, weight and bias of a BatchNorm, as one factor and one summand a channel. */
typedef struct {
    const ir_param *mean, *variance, *weight, *bias; /* the last two may be NULL */
    double eps;
    int64_t channels;
} pack_norm;

typedef struct {
    const pack *matrix; /* or NULL: */
    pack_norm norm;     /* factors, then summands */
    pack_part part;     /* of the matrix; PACK_FLOATS: with its biases, if they are not apart */
    int64_t offset;     /* floats from the start of the array */
} listed_pack;

typedef struct {
    const ir_model *model;
    const param_places *params;
    listed_pack *items;
    size_t count, capacity;
    int64_t floats;     /* of all */
} pack_list;

/* Where a part of a pack is: a constant table, or one of the struct's arrays, from a float on. */
typedef enum { PACK_IN_TABLE, PACK_IN_PARAMETERS, PACK_IN_PACKS } pack_home;

typedef struct {
    pack_home home;
    int64_t offset;
} pack_place;

bool pack_norm_lives(const pack_norm *n);
/* Adds the parts that lie nowhere else, if they are not there yet. */
void pack_list_add(arena *a, pack_list *all, const pack *p);
void pack_list_add_norm(arena *a, pack_list *all, const pack_norm *n);
/* Of one that was added, or needed not be. */
pack_place pack_list_place(const pack_list *all, const pack *p, pack_part part);
int64_t pack_list_find_norm(const pack_list *all, const pack_norm *n);

#endif
