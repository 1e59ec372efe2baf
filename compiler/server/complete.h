/* complete: what could stand at a place. */
#ifndef NNC_SERVER_COMPLETE_H
#define NNC_SERVER_COMPLETE_H

#include "server/document.h"

json_t *complete_at(document *d, size_t offset); /* CompletionItems */

#endif
