from . import (
    linserv_backup_deletion,
    linserv_backup_plan,
    linserv_backup_point,
    linserv_backup_proof,
    linserv_backup_repository,
    linserv_backup_repository_connect,
    linserv_backup_texts,
    linserv_host,
)
