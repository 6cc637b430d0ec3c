module waypaas/launcher

go 1.22
