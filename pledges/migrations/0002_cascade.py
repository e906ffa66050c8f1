from django.db import migrations

# The database deletes what belongs to a pledge, so that whoever withdraws a pledge needs no right on sealed addresses.
TABLES = ["pledges_sealedaddress", "pledges_letter", "pledges_announcementletter"]


class Migration(migrations.Migration):
    dependencies = [("pledges", "0001_initial")]

    operations = [
        migrations.RunSQL(
            f"ALTER TABLE {table} ADD CONSTRAINT {table}_goes_with_pledge"
            " FOREIGN KEY (pledge_id) REFERENCES pledges_pledge (id) ON DELETE CASCADE",
            f"ALTER TABLE {table} DROP CONSTRAINT {table}_goes_with_pledge",
        )
        for table in TABLES
    ]
