" .nn files are nnc's
autocmd BufNewFile,BufRead *.nn setfiletype nnc
