module waypaas.example/bench/mover

go 1.24
