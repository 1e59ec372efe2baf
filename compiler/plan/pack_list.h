/* pack_list: what of parameters that live in the struct kernels want in another order, and where it lies in the
 * struct's array `packs`. The plans of a model with a loss (run, eval, train) share one list. MODEL_pack fills the
 * array anew whenever parameters change. */
#ifndef NNC_PLAN_PACK_LIST_H
#define NNC_PLAN_PACK_LIST_H

#include "plan/pack.h"

/* The running statistics, weight and bias of a BatchNorm, as one factor and one summand a channel. */
typedef struct {
    const ir_param *mean, *variance, *weight, *bias; /* the last two may be NULL */
    double eps;
    int64_t channels;
} pack_norm;

typedef struct {
    const pack *matrix; /* or NULL: */
    pack_norm norm;     /* factors, then summands */
    int64_t offset;     /* floats from the start of the array */
} listed_pack;

typedef struct {
    listed_pack *items;
    size_t count, capacity;
    int64_t floats;     /* of all */
} pack_list;

bool pack_lives(const pack *p);           /* is one of its params in the struct? */
bool pack_norm_lives(const pack_norm *n);
/* Where it lies, at the end if it is new. */
int64_t pack_list_add(arena *a, pack_list *all, const pack *p);
int64_t pack_list_add_norm(arena *a, pack_list *all, const pack_norm *n);
/* Of one that was added. */
int64_t pack_list_find(const pack_list *all, const pack *p);
int64_t pack_list_find_norm(const pack_list *all, const pack_norm *n);

#endif
