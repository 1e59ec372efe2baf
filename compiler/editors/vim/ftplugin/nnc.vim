" Comments, indentation, and gq by nnc fmt (gggqG forms the whole file)
if exists("b:did_ftplugin")
  finish
endif
let b:did_ftplugin = 1
setlocal commentstring=#\ %s comments=:# expandtab shiftwidth=4 softtabstop=4 suffixesadd=.nn
setlocal formatprg=nnc\ fmt\ -
let b:undo_ftplugin = "setlocal commentstring< comments< expandtab< shiftwidth< softtabstop< suffixesadd< formatprg<"
